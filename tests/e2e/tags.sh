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
# The memory of an NTAG216 whose container is an NTAG213's, as it was bought.
sim "tag odd type=ntag216 uid=04c1c2c3c4c5c6" >/dev/null
printf '\x04\xc1\xc2\x8f\xc3\xc4\xc5\xc6\x04\x48\x00\x00\xe1\x10\x12\x00\x01\x03\xa0\x0c\x34\x03\x00\xfe' >"$DIR/odd.bin"
sim "tag odd load $DIR/odd.bin" >/dev/null
sim "present odd" >/dev/null
expect "a tag is written without being locked" 0 "written" tag write HZ-CNG-000004 --key "$DIR/bureau.pem" --no-lock
expect "a write that did not come to its locking is taken up: same code, same tag" 0 "locked" tag write HZ-CNG-000004 --key "$DIR/bureau.pem"
expect "and taken up once more it is locked still" 0 "locked" tag write HZ-CNG-000004 --key "$DIR/bureau.pem"
expect "another code is not put on it" 1 "already carries code HZ-CNG-000004" tag write HZ-CNG-000005 --key "$DIR/bureau.pem"
sim "tag phone type=phone" >/dev/null
sim "present phone" >/dev/null
expect "CLONES-SHOW: a phone's random UID is signed by nobody" 3 "" tag write HZ-CNG-000006 --key "$DIR/bureau.pem"
sim "tag plain type=ultralight_c uid=04d1d2d3d4d5d6" >/dev/null
sim "present plain" >/dev/null
expect "a tag whose pages stay writable is not called locked" 3 "not locked: page 16 can still be written" tag write HZ-CNG-000007 --key "$DIR/bureau.pem"
expect "but it is written" 0 "HZ-CNG-000007" tag read --key "$DIR/bureau.pem.pub"
sim "adapter 16" >/dev/null
sim "present one" >/dev/null
expect "a tag is read through a slow adapter" 0 "HZ-CNG-000001" tag read --key "$DIR/bureau.pem.pub"
sim "adapter off" >/dev/null
sim "present small" >/dev/null
expect "a tag that is too small is refused" 3 "" tag write HZ-CNG-000003 --key "$DIR/bureau.pem"
count
