#!/bin/bash
# Runs each fuzz target on its seeds (tests/fuzz/seeds/NAME) for some seconds, two at a time.
# Usage: run_fuzz.sh SECONDS TARGET...   Findings are left in build/fuzz/findings/NAME.
set -u
seconds=$1
shift
passed=0
failed=0
fuzz_one() {
    local target=$1 name work
    name=$(basename "$target")
    name=${name#fuzz_}
    work=build/fuzz/corpus/$name
    mkdir -p "$work" "build/fuzz/findings/$name" "tests/fuzz/seeds/$name"
    "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="build/fuzz/findings/$name/" "$work" "tests/fuzz/seeds/$name" >"build/fuzz/$name.log" 2>&1
}
running=()
names=()
finish() {
    local name=${names[0]}
    if wait "${running[0]}"; then
        passed=$((passed + 1))
        echo "  ok   fuzz $name: $(sed -n 's/^stat::number_of_executed_units: *//p' "build/fuzz/$name.log") inputs in $seconds s"
    else
        failed=$((failed + 1))
        echo "  FAIL fuzz $name"
        tail -n 30 "build/fuzz/$name.log"
    fi
    running=("${running[@]:1}")
    names=("${names[@]:1}")
}
for target in "$@"; do
    fuzz_one "$target" &
    running+=($!)
    name=$(basename "$target")
    names+=("${name#fuzz_}")
    [ ${#running[@]} -ge 2 ] && finish
done
while [ ${#running[@]} -gt 0 ]; do finish; done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
