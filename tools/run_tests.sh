#!/bin/bash
# Runs test programs or scripts and adds up their "N passed, N failed" lines. What each prints is kept in build/test_log/; of one
# that failed it is shown too, of the others only the sum (V=1 shows everything).
# A program that prints no such line, or is killed, counts as one failure. Last line: the sum.
# Usage: [BESIDE="PROGRAM..."] run_tests.sh PROGRAM...   BESIDE: others that run meanwhile, one after the other, and that give way:
# those that keep the machine busy belong there, those in which a simulated point must keep its times do not.
set -u
source "$(dirname "$0")/summary.sh"
logs=build/test_log
mkdir -p "$logs"
beside_log=$(mktemp)
trap 'rm -f "$beside_log"' EXIT
beside=${BESIDE:-}
if [ -n "$beside" ]; then
    # shellcheck disable=SC2086 # a list of words
    BESIDE='' nice -n 10 "$0" $beside >"$beside_log" 2>&1 &
    beside_pid=$!
fi
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0}
for program in "$@"; do
    name=${program#build/*/}
    log=$logs/${name//\//_}.log
    failed_before=$failed
    passed_before=$passed
    timeout --kill-after=10 "${TEST_SECONDS_MAX:-900}" "$program" >"$log" 2>&1 </dev/null
    code=$?
    add_summary "$program" "$code" "$log"
    echo "== $name: $((passed - passed_before)) passed, $((failed - failed_before)) failed"
    if [ "${V:-}" = 1 ]; then
        cat "$log"
    elif [ "$failed" -ne "$failed_before" ]; then
        tail -n 300 "$log"
    fi
done
if [ -n "$beside" ]; then
    wait "$beside_pid"
    code=$?
    cat "$beside_log"
    add_summary "the programs beside" "$code" "$beside_log"
fi
end_with_summary
