#!/bin/bash
# NFC tools that are not ours (nfc-list, nfc-mfultralight) read and write the simulated tags. BUILD = build directory.
set -u
cd "$(dirname "$0")/../.." || exit 1
BUILD=${BUILD:-build/asan}
. tests/lib/e2e.sh
dir=$(mktemp -d /tmp/fillgate-e2e-nfc-XXXXXX)
"$BUILD/fillgate-sim" --dir "$dir" </dev/null >"$dir/sim.log" 2>&1 &
pid=$!
trap 'kill "$pid" 2>/dev/null; wait "$pid" 2>/dev/null; rm -rf "$dir"' EXIT
for _ in $(seq 100); do
    [ -S "$dir/sim.sock" ] && break
    sleep 0.05
done
export LIBNFC_DEFAULT_DEVICE=pn532_uart:$dir/nfc LIBNFC_AUTO_SCAN=false
say() { timeout 20 "$BUILD/fillgate-sim" --dir "$dir" send "$1"; }
tool() { timeout 20 "$@" </dev/null 2>&1; }
hex() { od -An -v -tx1 "$1" | tr -d ' \n'; }
told "nfc-list opens the simulated chip" 'NFC device: .* opened' "$(tool nfc-list)"
serial=0
for kind in ultralight:16 ntag213:45 ntag215:135 ntag216:231; do
    type=${kind%:*}
    pages=${kind#*:}
    serial=$((serial + 1))
    uid=04a1b2c3d4e5f$serial
    say "tag $type type=$type uid=$uid" >/dev/null
    say "tag $type data=0305d101015500fe" >/dev/null
    say "present $type" >/dev/null
    told "nfc-list finds the $type" "UID \(NFCID1\): 04  a1  b2  c3  d4  e5  f$serial" "$(tool nfc-list)"
    tool nfc-mfultralight r "$dir/$type.mfd" >"$dir/$type.log"
    told "nfc-mfultralight reads all $pages pages of the $type" "$pages of $pages pages" "$(cat "$dir/$type.log")"
    told "the $type's dump has its UID and content" \
        "^04a1b2.*c3d4e5f$serial.*0305d101015500fe" "$(hex "$dir/$type.mfd")"
    told "the $type's dump is whole" "^$((pages * 4))$" "$(stat -c %s "$dir/$type.mfd")"
done
printf '\xca\xfe\xba\xbe' | dd of="$dir/ntag213.mfd" bs=1 seek=64 conv=notrunc status=none
say "present ntag213" >/dev/null
told "nfc-mfultralight writes all pages that it may" ', 0 pages failed|\(5 pages skipped, 0' \
    "$(printf 'n\nn\nn\nn\n' | timeout 20 nfc-mfultralight w "$dir/ntag213.mfd" 2>&1)"
tool nfc-mfultralight r "$dir/again.mfd" >/dev/null
told "and reads them back byte for byte" '^same$' "$(cmp "$dir/ntag213.mfd" "$dir/again.mfd" && echo same)"
told "with what was changed" 'cafebabe' "$(hex "$dir/again.mfd")"
say remove >/dev/null
empty=$(tool nfc-list -v)
told "with no tag in the field nfc-list opens the chip and counts none" '^0 ISO14443A passive target' "$empty"
told "and shows no UID" '^none$' "$(grep -q UID <<<"$empty" || echo none)"
count
