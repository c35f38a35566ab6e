#!/bin/bash
# Everything that must pass before a change lands. Ends with what failed, if anything did, and one line "N passed, N failed".
set -u
source "$(dirname "$0")/summary.sh"
log=$(mktemp)
failures=$(mktemp)
trap 'rm -f "$log" "$failures"' EXIT
check() { # NAME COMMAND...: a check without a summary of its own counts as one test
    local name=$1
    shift
    if "$@" >"$log" 2>&1; then
        passed=$((passed + 1))
        echo "  ok   $name"
    else
        failed=$((failed + 1))
        tail -n 40 "$log"
        echo "  FAIL $name" | tee -a "$failures"
        return 1
    fi
}
tell() { # NAME COMMAND...: a check whose figures are shown
    check "$@" && cat "$log"
}
suite() { # NAME COMMAND...: adds the summary line of a suite
    local name=$1 code
    shift
    echo "=== $name"
    "$@" 2>&1 | tee "$log"
    code=$((PIPESTATUS[0] == 0 ? 0 : 1)) # make has a code of its own for what failed beneath it
    grep -E '^ *FAIL |^== .*, [1-9][0-9]* failed$' "$log" >>"$failures"
    add_summary "$name" "$code" "$log"
}
jobs=-j$(nproc)
check "gcc builds everything with warnings as errors" make "$jobs" VARIANT=release all
check "clang builds everything with warnings as errors" make "$jobs" check-clang
check "clang-format agrees with every C file" make check-format
check "cppcheck finds nothing" make lint
check "firmware/core is freestanding" make check-core
check "includes between rooms go one way" make check-rooms
check "no circle of files" make check-circles
check "every English text that has a Chinese one is said" node tools/check_phrases.mjs
tell "programs, heap and files are within their budget" make check-budget
suite "unit and simulation tests (ASan, UBSan)" make "$jobs" --no-print-directory unit
suite "end-to-end tests, and the pages in a real browser (ASan, UBSan)" make "$jobs" --no-print-directory played
suite "fuzz targets" make "$jobs" --no-print-directory fuzz
# Processor time, not the clock's: a busy machine makes a suite longer, and not heavier.
within_processor_time() {
    local spent limit
    times >"$log" # in a pipe it would tell of that pipe's own children
    spent=$(awk 'NR == 2 {gsub(/[ms]/, " "); print int($1 * 60 + $2 + $3 * 60 + $4)}' "$log")
    limit=$(awk '$1 == "suite_processor_seconds" {print $3}' tools/budget.txt)
    echo "the whole took $spent s of processor, at most $limit"
    [ "$spent" -le "$limit" ]
}
within_processor_time && processor=0 || processor=1
check "the suite is within its budget of processor time" test $processor -eq 0
if [ -s "$failures" ]; then
    echo "=== what failed"
    sed 's/^ *//' "$failures"
fi
end_with_summary
