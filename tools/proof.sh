#!/bin/bash
# Proves what tests/proof/proof_fill.c says of firmware/core, by Frama-C's Eva; then seeds faults into a copy, each of which must be found.
# Prints for each proof its goals, how many are proved and how many are not, and its alarms. Installs Frama-C when it is missing; not part
# of make test or make setup. Usage: proof.sh    Exit code 0 only when all is proved and every seeded fault is found.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v frama-c >/dev/null || PACKAGES=frama-c-base tools/setup.sh
nominal_kpa="20000 25000"
work=$(mktemp -d /tmp/fillgate-proof-XXXXXX)
trap 'rm -rf "$work"' EXIT
goals=0
proved=0
alarms=0

# A copy in which Eva keeps the phases apart: without that it forgets which flag belongs to which.
fresh() {
    rm -rf "$work/tree"
    mkdir -p "$work/tree/firmware" "$work/tree/tests"
    cp -r firmware/core "$work/tree/firmware/"
    cp -r proto "$work/tree/"
    cp -r tests/proof "$work/tree/tests/"
    sed -i -e 's|^    step->fill->phase = (uint8_t)phase;|&\n    /*@ split step->fill->phase; */|' \
        -e 's|^    commands.valve_open = fill->phase|    /*@ split fill->phase; */\n&|' "$work/tree/firmware/core/fill.c"
    [ "$(grep -c '@ split' "$work/tree/firmware/core/fill.c")" -eq 2 ] || { echo "proof: fill.c is not laid out as expected" >&2; exit 2; }
}

prove() { # FUNCTION OPTIONS...: sets now_goals, now_proved, now_alarms
    local function=$1 log=$work/log
    shift
    (cd "$work/tree" && timeout 1800 frama-c -cpp-extra-args="-I. ${DEFINES:-}" -machdep gcc_x86_64 -main "$function" -eva -eva-precision 2 -eva-slevel 200 \
        -eva-interprocedural-splits -eva-split-limit 100000 -eva-msg-key=-initial-state,-final-states -no-unicode "$@" \
        firmware/core/*.c tests/proof/proof_fill.c) >"$log" 2>&1 || { tail -n 20 "$log"; echo "proof: $function: Frama-C ends with an error" >&2; exit 2; }
    now_alarms=$(sed -nE 's/^ *([0-9]+) alarms? generated.*/\1/p' "$log")
    # The driver's own goals, not the preconditions of Frama-C's functions.
    read -r now_proved now_goals <<<"$(sed -nE 's/^ *Assertions +([0-9]+) valid +([0-9]+) unknown +([0-9]+) invalid +([0-9]+) total.*/\1 \4/p' "$log")"
    [ -n "$now_alarms" ] && [ -n "${now_goals:-}" ] || { tail -n 20 "$log"; echo "proof: $function proves nothing" >&2; exit 2; }
}

tell() { # WHAT
    printf '%-28s %2d goals, %2d proved, %2d unknown, %d alarms\n' "$1" "$now_goals" "$now_proved" $((now_goals - now_proved)) "$now_alarms"
    goals=$((goals + now_goals))
    proved=$((proved + now_proved))
    alarms=$((alarms + now_alarms))
    [ "$now_goals" -eq "$now_proved" ] && [ "$now_alarms" -eq 0 ] || grep -A 3 'eva:alarm' "$work/log" || true
}

fresh
prove prove_fill && tell "one step, any phase"
prove prove_signals && tell "bad readings"
prove prove_nominal && tell "nominal outside the table"
for kpa in $nominal_kpa; do
    DEFINES="-DNOMINAL_FIRST_KPA=$kpa -DNOMINAL_LAST_KPA=$kpa" prove prove_pressure -eva-split-return full && tell "over-pressure at $kpa kPa"
done
missed=0
seed() { # WHAT FUNCTION FILE SED-EXPRESSION
    fresh
    sed -i -E "$4" "$work/tree/firmware/core/$3"
    ! cmp -s "firmware/core/$3" <(grep -v '@ split' "$work/tree/firmware/core/$3") || { echo "proof: the fault \"$1\" cannot be seeded" >&2; exit 2; }
    prove "$2"
    if [ "$now_goals" -eq "$now_proved" ] && [ "$now_alarms" -eq 0 ]; then
        missed=$((missed + 1))
        echo "seeded, NOT found: $1"
    else
        echo "seeded and found: $1"
    fi
}
seed "the valve open in every phase but IDLE" prove_fill fill.c 's/(commands\.valve_open = fill->phase) == FG_FILL_FILLING/\1 != FG_FILL_IDLE/'
seed "filling before the entry is durable" prove_fill fill.c 's/phase_enter\(step, FG_FILL_AUTHORISING\)/phase_enter(step, FG_FILL_FILLING)/'
seed "a bad reading taken as good" prove_signals signals.c 's/ \|\| reading->state != FG_READING_GOOD//'
echo "proof: $goals goals, $proved proved, $((goals - proved)) unknown, $alarms alarms; $missed seeded faults not found"
[ "$goals" -eq "$proved" ] && [ "$alarms" -eq 0 ] && [ "$missed" -eq 0 ]
