#!/bin/bash
# The real fillgated when its clock, or the bureau's, is wrong: a run in 2035 is no proof of anything once the right time is back, a list that the
# bureau dated ten minutes ahead is used, a clock that is set back in the same run is not trusted, and neither is one that is a day slower than its list.
# Usage: BUILD=build/asan tests/e2e/clock.sh. The clock is fillgated's alone (libfaketime); the machine's says whether it is synchronised.
set -u
BUILD=${BUILD:?the directory of the programs}
export BUILD
DIR=$(mktemp -d /tmp/fillgate-e2e-XXXXXX)
export DIR
finish() {
    tools/point.sh stop
    tools/point.sh sim-stop
    if [ "$failed" -ne 0 ]; then tail -n 40 "$DIR"/*.log; fi
    rm -rf "$DIR"
}
trap finish EXIT
OUT=$DIR/out
. tests/lib/e2e.sh
status() { "$BUILD/fillgate" point status --json --socket "$DIR/control.sock"; }
quality() { status | grep -o '"clock_quality":"."' | cut -d'"' -f4; }
library=$(find /usr/lib -name libfaketime.so.1 | head -n 1)
start_at() { # OFFSET: +9y, -1d, ...; read again from the file at every call, so that it can be stepped
    echo "$1" >"$DIR/offset"
    (cd "$DIR" && LD_PRELOAD=$library FAKETIME_TIMESTAMP_FILE=$DIR/offset FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1 \
        ASAN_OPTIONS=verify_asan_link_order=0:${ASAN_OPTIONS:-} exec "$programs/fillgated" --config point.ini) \
        </dev/null >>"$DIR/fillgated.log" 2>&1 &
    echo $! >"$DIR/fillgated.pid"
    until_true 20 status >/dev/null
}
step_to() { echo "$1" >"$DIR/offset"; }
import() { "$BUILD/fillgate" list import "$DIR/$1" --socket "$DIR/control.sock"; }
trusted() { [[ $(quality) == [IS] ]]; }
untrusted() { [ "$(quality)" = U ]; }
programs=$(realpath "$BUILD")

tools/point.sh prepare && tools/point.sh sim || {
    echo "0 passed, 1 failed"
    exit 1
}
check "a run in 2035 writes its entries" start_at +9y
check "FAIL-CLOSED: within that run the clock is not trusted when it goes back" eval 'step_to +8y; until_true 10 untrusted'
tools/point.sh stop
check "the right time is back: it starts" start_at +0
check "and is trusted" trusted
tools/point.sh stop
. <(sed -n '/^rules()/,/^}/p; /^operators()/,/^}/p; /^build_list()/,/^}/p' tools/point.sh)
fillgate=$BUILD/fillgate
build_list ahead.fgl bureau.pem 20 --issued "$(date -d '+10 minutes' +%FT%T%:z)" --
start_at +0
check "a list that is dated ten minutes ahead is taken" import ahead.fgl
check "and the clock is trusted with it" trusted
check "FAIL-CLOSED: the clock is set back in the same run: not trusted" eval 'step_to -50m; until_true 10 untrusted'
check "the right time again: trusted" eval 'step_to +0; until_true 10 trusted'
tools/point.sh stop
start_at -1d
check "FAIL-CLOSED: a start a day before the list in force was signed: not trusted" untrusted
tools/point.sh stop
count
