#!/bin/bash
# fillgate tag write and tag read against the simulated reader: sign, write, read back, lock; and what must be refused.
# Env BUILD: the directory of the programs. Last line: "N passed, N failed".
set -u
cd "$(dirname "$0")/../.."
export BUILD
DIR=$(mktemp -d /tmp/fillgate-tags-XXXXXX)
export DIR
OUT=$DIR/out
. tests/lib/e2e.sh
sim() { "$BUILD/fillgate-sim" --dir "$DIR" send "$*"; }
finish() {
    kill "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
    rm -rf "$DIR"
}
"$BUILD/fillgate-sim" --dir "$DIR" </dev/null >"$DIR/sim.log" 2>&1 &
pid=$!
trap finish EXIT
for _ in $(seq 100); do
    sim state >/dev/null 2>&1 && break
    sleep 0.1
done
"$BUILD/fillgate" key new "$DIR/bureau.pem" >/dev/null
"$BUILD/fillgate" key new "$DIR/stranger.pem" >/dev/null
reader=(--connection "pn532_uart:$DIR/nfc")
tag() { "$BUILD/fillgate" tag "$@" "${reader[@]}" --timeout 3; }
sim "tag one type=ntag213 uid=04a1a2a3a4a5a6" >/dev/null
sim "tag small type=ultralight uid=04b1b2b3b4b5b6" >/dev/null
sim "present one" >/dev/null
expect "a tag is signed, written, read back and locked" 0 "locked" tag write HZ-CNG-000001 --key "$DIR/bureau.pem"
expect "a written tag reads back with its code" 0 "HZ-CNG-000001" tag read --key "$DIR/bureau.pem.pub"
expect "another key does not verify the tag" 1 "not trusted" tag read --key "$DIR/stranger.pem.pub"
expect "a locked tag is not overwritten" 3 "" tag write HZ-CNG-000002 --key "$DIR/bureau.pem" --replace
expect "the locked tag still names its cylinder" 0 "HZ-CNG-000001" tag read --key "$DIR/bureau.pem.pub"
sim remove >/dev/null
expect "no tag in the field is said so in time" 3 "no tag within" tag read
sim "present small" >/dev/null
expect "a tag that is too small is refused" 3 "" tag write HZ-CNG-000003 --key "$DIR/bureau.pem"
count
