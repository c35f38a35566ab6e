#!/bin/bash
# Confirms the known answers in proto/vectors with the openssl command, so that they do not rest on fillgate's own
# code. BUILD (build/asan) is where the programs are; `fillgate key show` is compared when it is there.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${BUILD:-build/asan}
work=$(mktemp -d /tmp/fillgate-vectors-XXXXXX)
trap 'rm -rf "$work"' EXIT
. tests/lib/e2e.sh

report() { # STATUS NAME
    if [ "$1" -eq 0 ]; then ok "$2"; else bad "$2"; fi
}

bytes() { # HEX
    local hex=$1
    # shellcheck disable=SC2059
    printf "$(sed 's/../\\x&/g' <<<"$hex")"
}

# openssl wants r and s as a DER sequence.
holds() { # MESSAGE-FILE SIGNATURE-HEX
    printf 'asn1=SEQUENCE:s\n[s]\nr=INTEGER:0x%s\ns=INTEGER:0x%s\n' "${2:0:64}" "${2:64:64}" >"$work/der.conf"
    openssl asn1parse -genconf "$work/der.conf" -noout -out "$work/der" >/dev/null 2>&1 &&
        openssl dgst -sha256 -verify proto/vectors/key_pub.pem -signature "$work/der" "$1" >/dev/null 2>&1
}

while read -r purpose message signature; do
    [ "${purpose:0:1}" = "#" ] && continue
    [ "$message" = "-" ] && message=
    bytes "${purpose}00${message}" >"$work/message"
    holds "$work/message" "$signature"
    report $? "openssl verifies \"$(bytes "$purpose")\" over ${#message} hex digits"
done <proto/vectors/sign.txt

purpose=$(printf 'fillgate tag v1' | od -An -v -tx1 | tr -d ' \n')
while read -r uid code memory; do
    [ "${uid:0:1}" = "#" ] && continue
    code_hex=$(printf '%s' "$code" | od -An -v -tx1 | tr -d ' \n')
    # Before the signature stand TLV 2, record header 3, type 12, version 1, key id 8, code length 1 and the code.
    signature=${memory:$((2 * (27 + ${#code}))):128}
    bytes "${purpose}00$(printf '%02x' $((${#uid} / 2)))${uid}${code_hex}" >"$work/message"
    holds "$work/message" "$signature"
    report $? "openssl verifies tag $uid $code"
    bytes "${purpose}00$(printf '%02x' $((${#uid} / 2)))${uid:2}00${code_hex}" >"$work/message"
    ! holds "$work/message" "$signature"
    report $? "openssl refuses the record of $uid on another UID"
done <proto/vectors/tag.txt

# The chain: hash(0) over the controller's id, then each entry under 02; and the head that is signed with each.
hash=$(printf 'fillgate chain v1ctl-1' | openssl dgst -sha256 -r | cut -c1-64)
purpose=$(printf 'fillgate head v1' | od -An -v -tx1 | tr -d ' \n')
while read -r sequence entry next statement; do
    [ "${sequence:0:1}" = "#" ] && continue
    hash=$(bytes "02$hash$entry" | openssl dgst -sha256 -r | cut -c1-64)
    [ "$hash" = "$next" ]
    report $? "openssl computes hash($sequence) of the journal"
    # Field 1 is the message, field 2 the signature; both are short enough for a length of one byte.
    length=$((16#${statement:2:2}))
    bytes "${purpose}00${statement:4:$((2 * length))}" >"$work/message"
    holds "$work/message" "${statement:$((8 + 2 * length)):128}"
    report $? "openssl verifies the head of entry $sequence"
    [[ ${statement:4:$((2 * length))} == *"$next"* ]]
    report $? "the head of entry $sequence holds hash($sequence)"
done <proto/vectors/chain.txt

id=$(openssl pkey -pubin -in proto/vectors/key_pub.pem -outform DER | tail -c 65 | openssl dgst -sha256 -r | cut -c1-16)
grep -q "^# key_id $id$" proto/vectors/sign.txt
report $? "openssl computes key id $id"
if [ -x "$build/fillgate" ]; then
    "$build/fillgate" key show proto/vectors/key_pub.pem | grep -qi "$id"
    report $? "fillgate key show gives the same key id"
fi
count
