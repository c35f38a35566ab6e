#!/bin/bash
# Runs test programs or scripts, shows the output of each, and adds up their "N passed, N failed" lines.
# A program that prints no such line, or is killed, counts as one failure. Last line: the sum.
# Usage: run_tests.sh PROGRAM...
set -u
passed=0
failed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0}
for program in "$@"; do
    echo "== ${program#build/*/}"
    timeout --kill-after=10 "${TEST_SECONDS_MAX:-900}" "$program" >"$log" 2>&1 </dev/null
    code=$?
    cat "$log"
    line=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$log" | tail -n 1)
    if [ -z "$line" ]; then
        echo "   $program ended with code $code and without a summary"
        failed=$((failed + 1))
        continue
    fi
    read -r p _ f _ <<<"${line//,/}"
    passed=$((passed + p))
    failed=$((failed + f))
    if [ "$code" -ne 0 ] && [ "$f" -eq 0 ]; then
        echo "   $program ended with code $code"
        failed=$((failed + 1))
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
