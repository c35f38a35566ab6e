#!/bin/bash
# The real fillgated on a plant that is not in order: devices that say busy or nothing, instruments and valves that lie, other masters on
# the bus (mbpoll on the same port, and one that is heard), and configurations that can never work.
# Usage: BUILD=build/asan tests/e2e/plant_faults.sh
set -u
cd "$(dirname "$0")/../.." || exit 1
BUILD=${BUILD:?the directory of the programs}
export BUILD SPEED=1 # the plant's own, so that fills last
DIR=$(mktemp -d /tmp/fillgate-plant-XXXXXX)
export DIR
stranger=
ended=0 # ENDED entries before the fill that was begun last
finish() {
    [ -z "$stranger" ] || kill "$stranger" 2>/dev/null
    tools/point.sh stop
    tools/point.sh sim-stop
    if [ "$failed" -ne 0 ]; then tail -n 40 "$DIR"/*.log; fi
    rm -rf "$DIR"
}
trap finish EXIT
OUT=$DIR/out
. tests/lib/e2e.sh
sim() { timeout 30 "$BUILD/fillgate-sim" --dir "$DIR" send "$*" >/dev/null; }
point() { timeout 20 "$BUILD/fillgate" point "$@" --socket "$DIR/control.sock" >/dev/null; }
status() { timeout 20 "$BUILD/fillgate" point status "$@" --socket "$DIR/control.sock"; }
phase_is() { status | grep -q "phase: $1"; }
newest() { "$BUILD/fillgate" journal export "$DIR/journal.db" --format jsonl --kind "$1" 2>/dev/null | tail -n 1; }
newest_has() { newest "$1" | grep -q "$2"; }
entries() { "$BUILD/fillgate" journal export "$DIR/journal.db" --format jsonl --kind "$1" 2>/dev/null | wc -l; }
ended_by() { [ "$(entries ENDED)" -gt "$ended" ] && newest_has ENDED "$1"; } # STOP, of the fill that was begun last
any_has() { "$BUILD/fillgate" journal export "$DIR/journal.db" --format jsonl --kind "$1" 2>/dev/null | grep -q "$2"; }
is_good() { status --json | jq -e --arg name "$1" '.readings[$name].state == "G"' >/dev/null; }

rest() { # what a case leaves: no tag, no fault
    sim remove
    sim fault bus busy off
    until_true 30 phase_is IDLE
    sleep 2 # until the tag counts as gone, as patiently as this point looks for it
}

cylinder() { # KPA: in the cylinder of the good tag, which is on the nozzle
    sim cylinder good medium=cng capacity_dl=700 "pressure_kpa=$1" temperature_dc=150
    sim connect good
}

fill_begin() {
    cylinder 3000
    ended=$(entries ENDED)
    sim present good
    until_true 20 phase_is PRE_CHECK || return 1
    sim button start press 1500
    until_true 20 phase_is FILLING
}

fill_end() { # STOP: the operator ends it if nothing did, and the entry says so
    sim button stop press 1500
    until_true 30 ended_by "$1"
}

started() { # INI-CHANGES...: sed expressions for point.ini
    tools/point.sh stop
    cp "$DIR/point.ini.made" "$DIR/point.ini"
    local change
    for change in "$@"; do sed -i -E "$change" "$DIR/point.ini"; done
    tools/point.sh start && point sign-in op-1 --certificate-end 2040-01-01 && until_true 20 is_good inventory_g
}

sed_buttons='s|^profile = boards/sim/profiles/point-io.profile|profile = boards/sim/profiles/relay.profile|; $a [device buttons]\nbus = main\nprofile = boards/sim/profiles/buttons.profile\nunit = 5'

tools/point.sh prepare && tools/point.sh sim || {
    echo "0 passed, 1 failed"
    exit 1
}
cp "$DIR/point.ini" "$DIR/point.ini.made"
cylinder 12000
check "a point with its buttons on a device of their own starts" started "$sed_buttons"
"$BUILD/fillgate" list build --csv "$DIR/registry.csv" --rules <(sed -E 's/^(fill_interval_min_s|fills_per_day_max|zero_fills_lock_out) *=.*/\1 = 0/; /^(pre|post)_checks/d' "$DIR/rules.ini") \
    --key "$DIR/bureau.pem" --id huzhou-1 --version 60 --out "$DIR/free.fgl" >"$OUT" 2>&1
check "the list is taken" timeout 20 "$BUILD/fillgate" list import "$DIR/free.fgl" --socket "$DIR/control.sock"

# ---- a hiccup is not a fault, and a dead device is not a hiccup
check "a fill begins" fill_begin
for code in 5 6; do
    for unit in 1 2 3 4 5; do
        sim "fault bus busy 1 unit=$unit code=$code"
        sleep 0.25
    done
done
check "ten answers 'busy' and 'acknowledge', one of each device, and the fill goes on" phase_is FILLING
check "and ends by the operator" fill_end OPERATOR
rest
check "a fill begins" fill_begin
sim fault bus busy on unit=3
check "FAIL-CLOSED: a meter that stays busy ends the fill as silent" until_true 40 ended_by DEVICE_SILENT
rest
check "the point is in order again" until_true 20 is_good inventory_g
check "a fill begins" fill_begin
sim fault bus silent on unit=5
check "FAIL-CLOSED: a stop button that falls silent ends the fill" until_true 40 ended_by DEVICE_SILENT
sim fault bus silent off unit=5
rest
until_true 20 is_good stop_button

# ---- instruments and valves that lie
check "a fill begins" fill_begin
sim fault signal inventory zero 1
sim fault signal pressure absurd 1
sleep 0.5
sim fault signal inventory absurd 1
sim fault signal pressure zero 1
sleep 0.5
check "single zero and absurd answers are ridden out" phase_is FILLING
check "and the operator ends the fill" fill_end OPERATOR
rest
check "a fill begins" fill_begin
sim fault signal pressure frozen on
check "a frozen pressure ends the fill: the meter counts more than it explains" until_true 120 ended_by NOT_PLAUSIBLE
sim fault signal pressure frozen off
rest
check "a fill begins" fill_begin
sim fault valve welded on
sim button stop press 1500
check "a welded valve is an event" until_true 30 any_has EVENT VALVE_FAULT
check "ONE-END: the fill is recorded as ended" until_true 40 ended_by OPERATOR
sim remove
sleep 2
sim present good
check "FAIL-CLOSED: and no further cylinder is accepted" until_true 20 newest_has REFUSED DEVICE_FAULT
sim fault valve welded off
rest

# ---- one bus, one master
until_true 20 is_good pressure_kpa
sed -E 's/^(control_socket|journal|list|keyring) = /\1 = second-/' "$DIR/point.ini" >"$DIR/second.ini"
expect "a second fillgated on the port does not start, and says why" 1 "bus main: .*another process holds this port" \
    timeout 20 "$BUILD/fillgated" --config "$DIR/second.ini"
check "and the first does not mind" is_good inventory_g
pressure() { status --json | jq -r '.readings.pressure_kpa | "\(.state) \(.value)"'; }
is_true() { [[ "$1" =~ ^G\ 1(1[89]|2[012])[0-9][0-9]$ ]]; } # 12,000 kPa, as it is all the time
cylinder 12000
check "12,000 kPa are read" until_true 20 eval 'is_true "$(pressure)"'
# What is played below is a master that works: alone on the bus it gets its answer. (Only ever called in a subshell.)
ask_pressure() { exec timeout "$1" mbpoll -q -m rtu -b 115200 -P none -t 4:float -B -0 -a 2 -r 6 -c 1 -o 0.3 "${@:2}" "$DIR/plant"; }
kill -STOP "$(cat "$DIR/fillgated.pid")"
check "mbpoll alone is answered" until_true 5 eval 'ask_pressure 10 -1 | grep -q "^\[6\]"'
kill -CONT "$(cat "$DIR/fillgated.pid")"
check "12,000 kPa are read again" until_true 100 eval 'is_true "$(pressure)"'
for every in 10 30 100; do
    samples=0
    false=0
    ask_pressure 60 -l $every >"$DIR/mbpoll.log" 2>&1 &
    stranger=$!
    for _ in $(seq 40); do
        sample=$(pressure)
        samples=$((samples + 1))
        [[ "$sample" != G\ * ]] || is_true "$sample" || { false=$((false + 1)) && echo "  false: $sample"; }
    done
    kill "$stranger" 2>/dev/null
    wait "$stranger" 2>/dev/null
    stranger=
    answered=$(grep -c '^\[6\]' "$DIR/mbpoll.log")
    strange=$(grep -cE 'not from requested slave|Invalid (data|CRC)' "$DIR/mbpoll.log") # bytes that fillgated asked for
    echo "mbpoll every $every ms beside fillgated: $samples samples, $false false pressures; mbpoll got $answered answers and $strange of others"
    check "BAD-INPUT-IS-SAFE: mbpoll on the same port never makes a false reading good" [ "$false" -eq 0 ]
    check "and it did take bytes off the line" [ $((answered + strange)) -gt 0 ]
done
check "the point is in order again" until_true 20 is_good pressure_kpa
sim fault bus stranger on every=40
check "a second master that is heard is an event" until_true 20 any_has EVENT "BUS_SHARED"
check "FAIL-CLOSED: and no reading of that bus counts" until_true 20 eval '! is_good pressure_kpa'
sim fault bus stranger off
check "the point is in order again" until_true 20 is_good pressure_kpa
sim fault bus echo on
check "FAIL-CLOSED: nor of one that hears itself" until_true 20 eval '! is_good pressure_kpa'
sim fault bus echo off
check "the point is in order again" until_true 20 is_good pressure_kpa
tools/point.sh stop

# ---- what can never work
refused() { # NAME PATTERN CHANGE...
    local name=$1 pattern=$2 change
    shift 2
    cp boards/sim/fillgated.ini "$DIR/check.ini"
    for change in "$@"; do sed -i -E "$change" "$DIR/check.ini"; done
    expect "--check: $name" 2 "$pattern" "$BUILD/fillgated" --check "$DIR/check.ini"
}
cp boards/sim/fillgated.ini "$DIR/check.ini"
expect "--check: the shipped example is good" 0 good "$BUILD/fillgated" --check "$DIR/check.ini"
refused "a point without a meter" "no device gives flow, inventory" '/^\[device meter\]/,/^$/d'
refused "a cng point without its pressure" "no device gives pressure, temperature" '/^\[device pressure\]/,/^$/d'
refused "1200 baud with the valve" "at 1200 baud" 's/^baud = .*/baud = 1200/'
refused "9600 baud in rounds of 60 ms" "cycle_ms is 60: set cycle_ms to" 's/^baud = .*/baud = 9600/'
refused "readings that are too old too soon" "reading_age_max_ms is 150" 's/^reading_age_max_ms = .*/reading_age_max_ms = 150/'
refused "a tag that is gone before a step is over" "gone_ms = 250: must be at least" 's/^gone_ms = .*/gone_ms = 250/'
refused "a valve that cannot be read back in time" "valve_follow_max_ms is 100" 's/^valve_follow_max_ms = .*/valve_follow_max_ms = 100/'
cp boards/sim/fillgated.ini "$DIR/check.ini"
sed -i -E 's|micro-motion-mvd|endress-promass-83|; s/^cycle_ms = .*/cycle_ms = 80/' "$DIR/check.ini"
expect "--check: a point whose meter is the Promass is good" 0 good "$BUILD/fillgated" --check "$DIR/check.ini"
count
