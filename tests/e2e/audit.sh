#!/bin/bash
# What an auditor shows to a court: the proof of an entry from the bureau's pages, checked on "another machine" (an empty directory,
# the city stopped) by fillgate and by a stranger's cryptography; and what a clerk with sqlite3 leaves behind. BUILD (build/asan).
set -u
cd "$(dirname "$0")/../.." || exit 1
export BUILD=${BUILD:-build/asan}
fillgate=$(realpath "$BUILD/fillgate")
CITY=$(mktemp -d /tmp/fillgate-e2e-audit-XXXXXX)
export DIR=$CITY LIST_S=1 LC_ALL=C.UTF-8 TZ=Asia/Shanghai
database=sqlite:$CITY/bureau/bureau.db
trap 'tools/city.sh stop; rm -rf "$CITY"' EXIT
export OUT=$CITY/out
. tests/lib/e2e.sh
top=$PWD

# ---- a city in which something was refused ----
prepare() { tools/city.sh prepare && tools/city.sh start 1; }
check "a city with a bureau, a station and two points" prepare
url=$(sed 's|/$||' "$CITY/bureau/pages.url")
refused=0
sim() { "$BUILD/fillgate-sim" --dir "$CITY/point-1" send "$1"; }
refused_at_bureau() {
    refused=$(sqlite3 "file:$CITY/bureau/bureau.db?mode=ro" \
        "SELECT MIN(sequence) FROM journal_entry WHERE controller = 'ctl-1' AND code = 'HZ-CNG-900004'")
    [ "${refused:-0}" -gt 0 ]
}
tap() {
    "$fillgate" point sign-in op-1 --certificate-end 2030-01-01 --socket "$CITY/point-1/control.sock" &&
        sim "present scrapped" && until_true 60 refused_at_bureau && sim remove
}
check "a scrapped cylinder is refused, and the entry comes to the bureau" tap

# ---- the auditor's browser, played by curl ----
page() { # OUT-FILE METHOD PATH [CURL OPTIONS]: prints the status
    local file=$1 method=$2 path=$3
    shift 3
    curl -sS --max-time 20 -b "$CITY/jar" -c "$CITY/jar" -o "$file" -w '%{http_code}' -X "$method" -H "Origin: $url" "$@" "$url$path"
}
sign_in() {
    [ "$(page "$CITY/session" POST /api/v1/session -H 'Content-Type: application/json' \
        -d '{"user":"auditor","password":"look-at-everything"}')" = 200 ]
}
check "the auditor signs in" sign_in
court=$CITY/court
mkdir "$court"
proof=$court/entry.proof
download() { [ "$(page "$proof" GET "/api/v1/entries/ctl-1/$refused/proof")" = 200 ] && [ -s "$proof" ]; }
check "the proof of the refusal is downloaded" download
trail() { "$fillgate" audit trail --database "$database" --user auditor | grep -q PROOF; }
check "the trail has who took it" trail
cp "$CITY/bureau/ca/ca.pem" "$court/ca.pem"
cp "$CITY/bureau/receipt.pem.pub" "$court/receipt.pub"

# ---- another machine ----
elsewhere() { (cd "$court" && env -i LC_ALL="${LC:-C.UTF-8}" TZ=Asia/Shanghai ASAN_OPTIONS="${ASAN_OPTIONS:-}" "$fillgate" audit verify "$@"); }
expect "TAMPER-SHOWS: the proof holds with nothing but two public files" 0 'proven: the controller wrote this entry' \
    elsewhere entry.proof --ca ca.pem --receipt-key receipt.pub
expect "it says what the entry says" 0 'HZ-CNG-900004' elsewhere entry.proof --ca ca.pem --receipt-key receipt.pub
LC=zh_CN.UTF-8 expect "it says so in Chinese" 0 '已证明' elsewhere entry.proof --ca ca.pem --receipt-key receipt.pub
bytes_same() {
    local theirs
    theirs=$(sqlite3 "file:$CITY/point-1/journal.db?mode=ro" "SELECT lower(hex(bytes)) FROM entry WHERE sequence = $refused")
    [ -n "$theirs" ] || return 1
    elsewhere entry.proof --ca ca.pem --receipt-key receipt.pub --json >"$CITY/json"
    grep -q "\"bytes\":\"$theirs\"" "$CITY/json" || { echo "$theirs"; cat "$CITY/json"; return 1; }
}
check "the bytes that are proven are those in the controller's own journal" bytes_same
check "TAMPER-SHOWS: node's cryptography, after PROTOCOL.md alone, finds it proven too" \
    node "$top/tests/lib/proof_by_hand.mjs" "$proof" "$court/ca.pem" "$court/receipt.pub"
check "openssl reads the certificate out of it, issued by the bureau's authority" \
    sh -c "grep -c . '$proof' >/dev/null; node -e '
        const b = require(\"fs\").readFileSync(process.argv[1]); const at = b.indexOf(Buffer.from([0x30, 0x82]));
        process.stdout.write(b.subarray(at, at + 4 + b.readUInt16BE(at + 2)));' '$proof' |
        openssl x509 -inform der | openssl verify -CAfile '$court/ca.pem'"
flip() { # OFFSET: a copy with one bit changed
    cp "$proof" "$court/flipped.proof"
    printf "$(printf '\\x%02x' $((0x$(od -An -tx1 -j "$1" -N 1 "$proof" | tr -d " ") ^ 1)))" |
        dd of="$court/flipped.proof" bs=1 seek="$1" conv=notrunc status=none
}
flips_show() { # every 40th byte: refused, or false, never proven
    local at size
    size=$(stat -c %s "$proof") || return 1
    for at in $(seq 0 40 "$size"); do
        [ "$at" -lt "$size" ] || continue
        flip "$at"
        elsewhere flipped.proof --ca ca.pem --receipt-key receipt.pub >"$CITY/flip" 2>&1
        [ $? -eq 0 ] && { echo "byte $at"; cat "$CITY/flip"; return 1; }
        node "$top/tests/lib/proof_by_hand.mjs" "$court/flipped.proof" "$court/ca.pem" "$court/receipt.pub" >/dev/null 2>&1 && { echo "byte $at by hand"; return 1; }
    done
    return 0
}
check "TAMPER-SHOWS: a file with one bit changed proves nothing, to either" flips_show
"$fillgate" key new "$court/other.pem" >/dev/null
"$fillgate" ca init "$court/other" --name other >/dev/null
expect "TAMPER-SHOWS: another bureau's receipt key does not fit" 1 'receipt: DOES NOT HOLD' \
    elsewhere entry.proof --ca ca.pem --receipt-key other.pem.pub
expect "TAMPER-SHOWS: another authority does not fit" 1 'certificate: DOES NOT HOLD' \
    elsewhere entry.proof --ca other/ca.pem --receipt-key receipt.pub
expect "without the public files nothing is proven, and that is not the same as false" 3 'not proven' elsewhere entry.proof
expect "a file that is no proof is named" 3 'does not begin as a proof file does' elsewhere ca.pem --ca ca.pem
expect "a file that is not there is named" 3 'nothing.proof' elsewhere nothing.proof

# ---- a clerk with sqlite3 ----
edit() { # an overdue cylinder's refusal becomes another's bytes
    sqlite3 "$CITY/bureau/bureau.db" "UPDATE journal_entry SET bytes = (SELECT bytes FROM journal_entry WHERE controller = 'ctl-1'
        AND sequence = 1), code = 'HZ-CNG-900001' WHERE controller = 'ctl-1' AND sequence = $refused"
}
check "somebody with rights on the database edits the refusal" edit
says() { # PATTERN PATH
    page "$CITY/answer" GET "$2" >/dev/null
    grep -qE "$1" "$CITY/answer" || { cut -c 1-1500 "$CITY/answer"; return 1; }
}
check "TAMPER-SHOWS: the entry's page says that it is altered, and since when that is known" \
    says '"altered": ?true.*"found_ms": ?[1-9]' "/api/v1/entries/ctl-1/$refused"
check "TAMPER-SHOWS: the overview has it among the findings" \
    says "\"sequence\": ?$refused,.*\"altered\": ?1" "/api/v1/overview"
expect "TAMPER-SHOWS: the command line names it, and since when" 1 "ctl-1.*$refused" \
    "$fillgate" bureau verify ctl-1 --database "$database" --receipt-key "$court/receipt.pub"
grep -q 'first found' "$OUT" && ok "TAMPER-SHOWS: with the time that it was first found" || bad "no time in $(cat "$OUT")"
check "a proof is still given" download
expect "TAMPER-SHOWS: and does not hold" 1 'ALTERED' elsewhere entry.proof --ca ca.pem --receipt-key receipt.pub
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
