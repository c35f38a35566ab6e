#!/bin/bash
# The real fillgated when what it needs is not there yet: a read-only file system, keys, the socket's directory and the reader's
# program missing. It says why, does not end, and gets ready by itself. And what it tells systemd: ready, alive, stopping.
# Usage: BUILD=build/asan tests/e2e/start_up.sh. As root: it mounts a file system of its own, in a mount namespace of its own.
set -u
BUILD=${BUILD:?the directory of the programs}
export BUILD
if [ "${1:-}" != in-namespace ]; then
    exec unshare --mount --propagation private "$0" in-namespace
fi
DIR=$(mktemp -d /tmp/fillgate-e2e-XXXXXX)
export DIR
notify_pid=
finish() {
    tools/point.sh stop
    tools/point.sh sim-stop
    [ -z "$notify_pid" ] || kill "$notify_pid" 2>/dev/null
    if [ "$failed" -ne 0 ]; then tail -n 40 "$DIR"/*.log; fi
    umount "$DIR/disk" 2>/dev/null
    rm -rf "$DIR"
}
trap finish EXIT
OUT=$DIR/out
. tests/lib/e2e.sh
sim() { "$BUILD/fillgate-sim" --dir "$DIR" send "$*" >/dev/null; }
status() { "$BUILD/fillgate" point status "$@" --socket "$DIR/run/control.sock"; }
status_has() { status | grep -q "$1"; }
lines() { grep -c "$1" "$DIR/fillgated.log"; }
said() { [ "$(lines "$1")" -ge 1 ]; }
controller() { # starts fillgated and does not wait for anything
    (cd "$DIR" && exec "$(realpath "$OLDPWD/$BUILD" 2>/dev/null || realpath "$BUILD")/fillgated" --config "$DIR/late.ini") \
        </dev/null >>"$DIR/fillgated.log" 2>&1 &
    echo $! >"$DIR/fillgated.pid"
}
alive() { kill -0 "$(cat "$DIR/fillgated.pid")"; }

tools/point.sh prepare && tools/point.sh sim || {
    echo "0 passed, 1 failed"
    exit 1
}
mkdir "$DIR/disk" "$DIR/late"
mount -t tmpfs -o size=16m none "$DIR/disk" && mount -o remount,ro "$DIR/disk" || {
    echo "0 passed, 1 failed: no file system could be mounted"
    exit 1
}
cp "$BUILD/fillgate-reader" "$DIR/reader-program"
sed "s|^list = .*|list = disk/list.db|; s|^journal = .*|journal = disk/journal.db|; s|^control_socket = .*|control_socket = run/control.sock|
    s|^bytes_max = .*|bytes_max = 4194304|; s|^program = .*|program = late/reader|; s|^device_key = .*|device_key = late/device.pem|" "$DIR/point.ini" >"$DIR/late.ini"

check_says() { "$BUILD/fillgated" --check "$DIR/late.ini"; }
expect "--check says what is missing, and that the configuration is good" 0 'late.ini: good' check_says
for words in 'journal: .*disk: cannot be written: Read-only file system' 'list store: .*Read-only' 'control socket: .*run: cannot be written: No such' \
    'device key: .*No such file'; do
    expect "--check: $words" 0 "warning: $words" check_says
done

controller
check "no device key: it says so" until_true 20 said 'the journal cannot be opened: device key: .*No such file.*trying again'
check "no directory for the control socket: it says so" until_true 20 said 'control socket; trying again: .*No such file'
check "no reader program: it says so" until_true 20 said 'reader: '
check "the list store is on a read-only file system: it says so" until_true 20 said 'the list store cannot be opened: .*Read-only file system'
sleep 3
check "it has not ended" alive
mkdir "$DIR/run"
check "the socket's directory comes: it answers" until_true 20 status
cp "$DIR/device.pem" "$DIR/late/device.pem"
check "the key comes: now the disk is the cause, in the state" until_true 20 status_has 'trying again: .*disk: cannot be written: Read-only file system'
told "nothing is called tampered" '^0$' "$(lines 'does not verify')"
mv "$DIR/reader-program" "$DIR/late/reader"
sim present good
check "FAIL-CLOSED: a cylinder is refused meanwhile" until_true 20 said 'refused: HZ-CNG-900001'
sim remove
told "each cause is said once" '^1$' "$(lines 'list store cannot be opened')"
check "the file system becomes writable" mount -o remount,rw "$DIR/disk"
journal_ok() { status --json | grep -q '"journal":{"state":"OK"'; }
check "the journal is open by itself" until_true 20 journal_ok
check "the list can be imported" until_true 20 "$BUILD/fillgate" list import "$DIR/list-6.fgl" --socket "$DIR/run/control.sock"
trying() { status_has 'trying again'; }
check "no cause is left" eval '! trying'
sign_in() { "$BUILD/fillgate" point sign-in op-1 --certificate-end 2040-01-01 --socket "$DIR/run/control.sock"; }
check "an operator signs in" sign_in
sim disconnect
sim connect good
sim present good
check "a cylinder is accepted, without a restart" until_true 20 status_has 'PRE_CHECK'
sim remove
boots() { "$BUILD/fillgate" journal export "$DIR/disk/journal.db" --format jsonl --kind BOOT 2>/dev/null | grep -c BOOT; }
told "BOOT is logged once" '^1$' "$(boots)"
tools/point.sh stop

# A second controller of the same point waits for the first one, and touches nothing.
controller
until_true 20 journal_ok
first=$(cat "$DIR/fillgated.pid")
controller
check "a second controller waits" until_true 20 said 'control socket; trying again: .*another fillgated answers there'
check "the second is not ended" alive
told "and has opened no journal" '^0$' "$(lines 'journal cannot be opened: .*another')"
kill "$first"
check "the first one goes: the second takes over" until_true 30 journal_ok
tools/point.sh stop

# What systemd is told.
cat >"$DIR/notify.py" <<'PYTHON'
import os, socket, sys, time
server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
server.bind(sys.argv[1])
while True:
    print(f"{time.monotonic():.3f} {server.recv(4096).decode()}", flush=True)
PYTHON
python3 "$DIR/notify.py" "$DIR/notify.sock" >"$DIR/heard" &
notify_pid=$!
until_true 10 test -S "$DIR/notify.sock"
export NOTIFY_SOCKET=$DIR/notify.sock WATCHDOG_USEC=1500000
controller
heard() { grep -c "$1" "$DIR/heard"; }
heard_more() { [ "$(heard "$1")" -gt "$2" ]; }
check "systemd hears READY=1" until_true 20 heard_more READY=1 0
before=$(heard WATCHDOG=1)
check "and signs of life" until_true 20 heard_more WATCHDOG=1 $((before + 4))
kill -STOP "$(cat "$DIR/fillgated.pid")"
sleep 0.3
before=$(heard WATCHDOG=1)
sleep 2
told "a stopped loop gives none" "^$before\$" "$(heard WATCHDOG=1)"
kill -CONT "$(cat "$DIR/fillgated.pid")"
check "a loop that goes on gives them again" until_true 20 heard_more WATCHDOG=1 "$before"
tools/point.sh stop
check "and STOPPING=1 at the end" until_true 20 heard_more STOPPING=1 0
told "READY=1 was said once" '^1$' "$(heard READY=1)"
count
