#!/bin/bash
# The bureau's list key is replaced at a running point: by a ring that old and new key signed, without a restart; the old key is then
# worth nothing, also after a restart; strangers, older rings and an edited file change nothing.
# Usage: BUILD=build/asan tests/e2e/keys.sh
set -u
cd "$(dirname "$0")/../.." || exit 1
BUILD=${BUILD:?the directory of the programs}
export BUILD
DIR=$(mktemp -d /tmp/fillgate-e2e-XXXXXX)
export DIR
OUT=$DIR/out
. tests/lib/e2e.sh
finish() {
    tools/point.sh stop
    tools/point.sh sim-stop
    if [ "$failed" -ne 0 ]; then tail -n 40 "$DIR"/*.log; fi
    rm -rf "$DIR"
}
trap finish EXIT
fillgate=$BUILD/fillgate
list_build() { # FILE KEY VERSION
    "$fillgate" list build --csv "$DIR/registry.csv" --rules "$DIR/rules.ini" --key "$DIR/$2" --id huzhou-1 --version "$3" --out "$DIR/$1"
}
list_import() { "$fillgate" list import "$DIR/$1" --socket "$DIR/control.sock"; }
ring_make() { # FILE VERSION LIST-KEY SIGNER...
    local file=$DIR/$1 version=$2 key=$3 signer
    shift 3
    "$fillgate" key ring-new "$file" --version "$version" --list-key "$DIR/$key.pub" --tag-key "$DIR/bureau.pem.pub" >/dev/null || return 1
    for signer in "$@"; do "$fillgate" key ring-sign "$file" --key "$DIR/$signer" >/dev/null || return 1; done
}
ring_import() { "$fillgate" key ring-import "$DIR/$1" --socket "$DIR/control.sock"; }
says() { grep -q "$1" "$OUT"; }

tools/point.sh prepare && tools/point.sh sim && tools/point.sh start || exit 3
for key in new.pem newest.pem; do "$fillgate" key new "$DIR/$key" >/dev/null; done
list_build by-old.fgl bureau.pem 101 >/dev/null
list_build by-new.fgl new.pem 102 >/dev/null
list_build by-old-later.fgl bureau.pem 103 >/dev/null
list_build by-newest.fgl newest.pem 104 >/dev/null
ring_make ring-1 1 new.pem bureau.pem new.pem
ring_make ring-alone 1 stranger.pem stranger.pem
ring_make ring-unsigned 1 new.pem bureau.pem
ring_make ring-2 2 newest.pem new.pem newest.pem
ring_make ring-2-by-old 2 newest.pem bureau.pem newest.pem

check "a list of the enrolled key is taken" eval 'list_import by-old.fgl'
check "LIST-IS-SIGNED: a list of a key that no ring named is refused" eval '! list_import by-new.fgl'
check "TUF rule: a ring that only a stranger signed is refused" eval '! ring_import ring-alone && says "no list key that is in force"'
check "TUF rule: a new key that did not sign is refused" eval '! ring_import ring-unsigned && says "new key"'
check "a file that is no ring is refused" eval '! ring_import by-old.fgl'
check "a path that is not there is named" eval '! ring_import nowhere && says nowhere'
check "the ring of old and new key is taken without a restart" eval 'ring_import ring-1 && says "ring 1 is in force"'
check "the same ring again is fine" eval 'ring_import ring-1'
check "LIST-IS-SIGNED: the list in force, which the retired key signed, counts no longer" \
    eval '"$fillgate" point status --socket "$DIR/control.sock" --json | tr -d " \n" | grep -q "\"list\":{\"state\":\"NOT_AUTHENTIC\""'
check "LIST-IS-SIGNED: a newer list of the retired key is refused" eval '! list_import by-old-later.fgl'
check "a list of the new key is taken" eval 'list_import by-new.fgl'
check "tools/point.sh: the point restarts" eval 'tools/point.sh stop && tools/point.sh start'
check "after a restart the ring is still in force" eval '! list_import by-old-later.fgl'
check "TUF rule: a retired key brings in no ring" eval '! ring_import ring-2-by-old && says "no list key that is in force"'
check "the next ring follows from the last" eval 'ring_import ring-2 && list_import by-newest.fgl'
check "TUF rule: an older ring does not come back" eval '! ring_import ring-1'
printf '\377' | dd of="$DIR/keyring.bin" bs=1 seek=40 conv=notrunc status=none
tools/point.sh stop
check "TAMPER-SHOWS: with an edited ring file the point starts, says so, and no ring's list counts" \
    eval 'tools/point.sh start && grep -q "kept key rings; only the configured keys count" "$DIR"/*.log && ! list_import by-newest.fgl'
count
