#!/bin/bash
# Runs test programs or scripts, some at a time, and adds up their "N passed, N failed" lines. What each prints is kept in build/test_log/;
# of one that failed it is shown too, of the others only the sum and the seconds, by the clock and of processor (V=1 shows everything). Last line: the sum.
# Usage: [ALONE="PROGRAM..."] [BESIDE="PROGRAM..."] [AT_ONCE=5] run_tests.sh PROGRAM...
#   ALONE: those that measure real time: they run first, two at a time, for they wait nearly all of theirs; with nothing else beside them
#   BESIDE: those that take long or keep the machine busy: two of them at a time beside the others, and they give way
#   AT_ONCE: how many run at once; more than the machine has cores, as most wait most of their time
set -u
source "$(dirname "$0")/summary.sh"
logs=build/test_log
mkdir -p "$logs"
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0}
jobs=${AT_ONCE:-$((2 * $(nproc) + 1))}
declare -A program_of=() begun_of=() kind_of=()
declare -A running=([alone]=0 [beside]=0 [usual]=0)
number=0
read -ra alone <<<"${ALONE:-}"
read -ra beside <<<"${BESIDE:-}"
programs=("$@")
# Who is done says so here: number and exit code. (wait -n forgets those that a signal has killed.)
done_pipe=$(mktemp -u)
mkfifo -m 600 "$done_pipe"
exec 9<>"$done_pipe"
rm -f "$done_pipe"

# Cut short, it takes along what it has begun.
trap 'kill $(jobs -p) 2>/dev/null; exit 1' INT TERM

name_in() { echo "${1#build/*/}"; }
log_in() { local name; name=$(name_in "$1"); echo "$logs/${name//\//_}.log"; }

begin() { # KIND NICENESS PROGRAM
    number=$((number + 1))
    kind_of[$number]=$1
    program_of[$number]=$3
    begun_of[$number]=$SECONDS
    running[$1]=$((running[$1] + 1))
    {
        trap 'kill $! 2>/dev/null' TERM
        nice -n "$2" timeout --kill-after=10 "${TEST_SECONDS_MAX:-1200}" "$3" 9>&- </dev/null &
        wait $!
        code=$?
        times >"$(log_in "$3").times" # not within $(): a shell of its own would tell only of its own children
        echo "$number $code" >&9
    } >"$(log_in "$3")" 2>&1 &
}

end() { # waits for any of those that run
    local ended code program log busy_s passed_before=$passed failed_before=$failed
    read -r ended code <&9
    program=${program_of[$ended]}
    log=$(log_in "$program")
    busy_s=$(awk 'END { gsub(/[ms]/, " "); print int($1 * 60 + $2 + $3 * 60 + $4 + 0.5) }' "$log.times")
    add_summary "$program" "$code" "$log"
    echo "== $(name_in "$program"), $((SECONDS - begun_of[$ended])) s, $busy_s of processor: $((passed - passed_before)) passed, $((failed - failed_before)) failed"
    running[${kind_of[$ended]}]=$((running[${kind_of[$ended]}] - 1))
    unset "program_of[$ended]"
    if [ "${V:-}" = 1 ]; then
        cat "$log"
    elif [ "$failed" -ne "$failed_before" ]; then
        tail -n 300 "$log"
    fi
}

while [ $((${#alone[@]} + ${#programs[@]} + ${#beside[@]} + ${#program_of[@]})) -gt 0 ]; do
    if [ ${#alone[@]} -gt 0 ] && [ "${running[alone]}" -lt 2 ]; then
        begin alone 0 "${alone[0]}"
        alone=("${alone[@]:1}")
    elif [ "${running[alone]}" -gt 0 ]; then
        end
    elif [ ${#program_of[@]} -ge "$jobs" ] || [ $((${#programs[@]} + ${#beside[@]})) -eq 0 ]; then
        end
    elif [ ${#beside[@]} -gt 0 ] && { [ "${running[beside]}" -lt 2 ] || [ ${#programs[@]} -eq 0 ]; }; then
        begin beside 5 "${beside[0]}"
        beside=("${beside[@]:1}")
    else
        begin usual 0 "${programs[0]}"
        programs=("${programs[@]:1}")
    fi
done
end_with_summary
