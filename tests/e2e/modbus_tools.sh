#!/bin/bash
# A Modbus client that is not ours (mbpoll) reads and drives the simulated plant. BUILD = build directory.
set -u
cd "$(dirname "$0")/../.." || exit 1
BUILD=${BUILD:-build/asan}
. tests/lib/e2e.sh
dir=$(mktemp -d /tmp/fillgate-e2e-modbus-XXXXXX)
"$BUILD/fillgate-sim" --dir "$dir" --record "$dir/record.jsonl" </dev/null >"$dir/sim.log" 2>&1 &
pid=$!
trap 'kill "$pid" 2>/dev/null; wait "$pid" 2>/dev/null; rm -rf "$dir"' EXIT
for _ in $(seq 100); do
    [ -S "$dir/sim.sock" ] && break
    sleep 0.05
done
say() { timeout 20 "$BUILD/fillgate-sim" --dir "$dir" send "$1"; }
poll() { timeout 10 mbpoll -q -m rtu -b 9600 -P none -o 1 -0 -1 "$@" 2>&1; }
told "commands are answered" '^ok$' "$(say "cylinder A pressure_kpa=3000")"
told "a wrong command says how to use it" 'error: .*connect NAME' "$(say connect)"
say "connect A" >/dev/null
told "mbpoll reads the pressure in bar" '\[2\]:[[:space:]]+(30|29\.9)' "$(poll -a 2 -t 4:float -B -r 2 -c 1 "$dir/plant")"
told "mbpoll reads the inventory, low word first" '\[262\]:[[:space:]]+1\.23457e\+06|1234567' "$(poll -a 3 -t 4:float -r 262 -c 1 "$dir/plant")"
told "mbpoll reads the meter's byte order" '\[520\]:[[:space:]]+1' "$(poll -a 3 -t 4 -r 520 -c 1 "$dir/plant")"
told "mbpoll reads the scale in kg" '\[4096\]:[[:space:]]+61\.' "$(poll -a 4 -t 4:float -B -r 4096 -c 1 "$dir/plant")"
told "mbpoll reads the inputs" '\[0\]:[[:space:]]+0' "$(poll -a 1 -t 1 -r 0 -c 3 "$dir/plant")"
say "estop on" >/dev/null
told "the emergency stop shows" '\[0\]:[[:space:]]+1' "$(poll -a 1 -t 1 -r 0 -c 3 "$dir/plant")"
told "an unknown register is refused" 'Illegal data address' "$(poll -a 3 -t 4 -r 9999 -c 1 "$dir/plant")"
told "mbpoll opens the valve" 'Written 1 references' "$(poll -a 1 -t 0 -r 0 "$dir/plant" 1)"
told "the state says open" '^valve=1$' "$(say state)"
told "gas flows" '^ok$' "$(say "expect A.mass_g > 1650 within 8000")"
told "mbpoll shuts the valve" 'Written 1 references' "$(poll -a 1 -t 0 -r 0 "$dir/plant" 0)"
told "the valve is shut" '^ok$' "$(say "expect valve = 0 within 500")"
told "the record tells who shut it" '"open":false,"by":"command"' "$(cat "$dir/record.jsonl")"
say "fault bus silent on unit=2" >/dev/null
told "a silent device times out" 'timed out' "$(poll -a 2 -t 4:float -B -r 2 -c 1 "$dir/plant")"
told "its neighbour still answers" '\[520\]' "$(poll -a 3 -t 4 -r 520 -c 1 "$dir/plant")"
say "plant unplug" >/dev/null
told "an unplugged bus is gone" 'unable to connect|Connection failed|No such' "$(poll -a 3 -t 4 -r 520 -c 1 "$dir/plant")"
say "plant plug" >/dev/null
told "and comes back under the same name" '\[520\]' "$(poll -a 3 -t 4 -r 520 -c 1 "$dir/plant")"
count
