#!/bin/bash
# Runs test programs or scripts, shows the output of each, and adds up their "N passed, N failed" lines.
# A program that prints no such line, or is killed, counts as one failure. Last line: the sum.
# Usage: run_tests.sh PROGRAM...
set -u
source "$(dirname "$0")/summary.sh"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0}
for program in "$@"; do
    echo "== ${program#build/*/}"
    timeout --kill-after=10 "${TEST_SECONDS_MAX:-900}" "$program" >"$log" 2>&1 </dev/null
    code=$?
    cat "$log"
    add_summary "$program" "$code" "$log"
done
end_with_summary
