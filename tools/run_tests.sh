#!/bin/bash
# Runs test programs or scripts, shows the output of each, and adds up their "N passed, N failed" lines.
# A program that prints no such line, or is killed, counts as one failure. Last line: the sum.
# Usage: [BESIDE="PROGRAM..."] run_tests.sh PROGRAM...   BESIDE: others that run meanwhile, one after the other.
set -u
source "$(dirname "$0")/summary.sh"
log=$(mktemp)
beside_log=$(mktemp)
trap 'rm -f "$log" "$beside_log"' EXIT
beside=${BESIDE:-}
if [ -n "$beside" ]; then
    # shellcheck disable=SC2086 # a list of words
    BESIDE='' "$0" $beside >"$beside_log" 2>&1 &
    beside_pid=$!
fi
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0}
for program in "$@"; do
    echo "== ${program#build/*/}"
    timeout --kill-after=10 "${TEST_SECONDS_MAX:-900}" "$program" >"$log" 2>&1 </dev/null
    code=$?
    cat "$log"
    add_summary "$program" "$code" "$log"
done
if [ -n "$beside" ]; then
    wait "$beside_pid"
    code=$?
    cat "$beside_log"
    add_summary "the programs beside" "$code" "$beside_log"
fi
end_with_summary
