#!/bin/bash
# A slow adapter at the reader is no tag that is gone: the valve stays open, with the limits as shipped; and a reader that hangs is none
# that is slow. Env BUILD: the directory of the programs. Last line: "N passed, N failed".
set -u
cd "$(dirname "$0")/../.."
export BUILD
DIR=$(mktemp -d /tmp/fillgate-slow-XXXXXX)
export DIR
OUT=$DIR/out
. tests/lib/e2e.sh
PATIENT= # the shipped limits are the subject
export SPEED=1
trap 'tools/point.sh stop >"$DIR/stop.log" 2>&1; tools/point.sh sim-stop >>"$DIR/stop.log" 2>&1; rm -rf "$DIR"' EXIT
sim() { "$BUILD/fillgate-sim" --dir "$DIR" send "$*" >/dev/null; }
point() { "$BUILD/fillgate" point "$@" --socket "$DIR/control.sock"; }
said() { grep -c "$1" "$DIR/fillgated.log"; }
phase_is() { # PHASE, within 5 s
    for _ in $(seq 50); do
        [ "$(grep -o 'phase: .*' "$DIR/fillgated.log" | tail -n 1)" = "phase: $1" ] && return 0
        sleep 0.1
    done
    return 1
}
check "a point starts with the limits as shipped" bash -c 'tools/point.sh prepare && tools/point.sh sim && tools/point.sh start'
"$BUILD/fillgate" list import "$DIR/list-6.fgl" --socket "$DIR/control.sock" >/dev/null
point sign-in op-slow --certificate-end 2030-01-01 >/dev/null
sim "tag big type=ntag216 uid=04900000000001"
sim "tag big sign code=HZ-CNG-900001 key=$DIR/bureau.pem"
sim "connect good"
sim "adapter 16"
sim "present big"
check "an NTAG216 is read through an adapter that keeps every answer back for 16 ms" phase_is PRE_CHECK
point check >/dev/null
check "the fill starts" point start
check "the valve opens" phase_is FILLING
sleep 6
check "in 6 s the tag is not gone once" test "$(said 'tag: gone')" = 0
check "and the valve is open still" phase_is FILLING
kill -STOP "$(pgrep -P "$(cat "$DIR/fillgated.pid")" | head -n 1)"
check "FAIL-CLOSED: the tag of a reader that hangs is gone, and the valve shut" phase_is SUSPENDED
count
