#!/bin/bash
# The simulated reader and its tags, seen by tools that are not ours: nfc-list and nfc-mfultralight of libnfc.
# Env BUILD: the directory of the programs. Last line: "N passed, N failed".
set -u
cd "$(dirname "$0")/../.."
BUILD=${BUILD:?the directory of the programs}
DIR=$(mktemp -d /tmp/fillgate-nfc-XXXXXX)
passed=0
failed=0
check() { # NAME COMMAND
    if eval "$2"; then
        passed=$((passed + 1)) && echo "  ok   $1"
    else
        failed=$((failed + 1)) && echo "  FAIL $1" && tail -n 20 "$DIR/output"
    fi
}
sim() { "$BUILD/fillgate-sim" --dir "$DIR" send "$*" >/dev/null 2>&1; }
finish() {
    kill "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
    rm -rf "$DIR"
}
"$BUILD/fillgate-sim" --dir "$DIR" </dev/null >"$DIR/sim.log" 2>&1 &
pid=$!
trap finish EXIT
for _ in $(seq 100); do
    sim state && break
    sleep 0.1
done
export LIBNFC_DEFAULT_DEVICE=pn532_uart:$DIR/nfc
n=0
: >"$DIR/output"
for type in ultralight ntag213 ntag215 ntag216; do
    n=$((n + 1))
    uid=04a1a2a3a4a5a$n
    sim "tag $type type=$type uid=$uid"
    sim "present $type"
    timeout 20 nfc-list >"$DIR/output" 2>&1 </dev/null
    check "nfc-list sees the $type with its UID" \
        "grep 'UID' '$DIR/output' | tr -d ' ' | grep -q ':$uid'"
    rm -f "$DIR/dump"
    timeout 20 nfc-mfultralight r "$DIR/dump" >"$DIR/output" 2>&1 </dev/null
    # The first page of every such tag: three bytes of its UID and their check byte (0x88 among them).
    check "nfc-mfultralight reads the $type" \
        "[ -s '$DIR/dump' ] && [ \"\$(od -An -tx1 -N3 '$DIR/dump' | tr -d ' \\n')\" = 04a1a2 ]"
    sim remove
done
timeout 20 nfc-list >"$DIR/output" 2>&1 </dev/null
check "with no tag in the field nfc-list shows none" "grep -q 'opened' '$DIR/output' && ! grep -q UID '$DIR/output'"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
