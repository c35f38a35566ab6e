#!/bin/bash
# Attacks on the bureau's pages (web_security.mjs) against the real fillgate-bureau over HTTPS, and curl and openssl as clients that
# nobody here wrote. BUILD (build/asan) is where the programs are.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=$PWD/${BUILD:-build/asan}
top=$PWD
fillgate=$build/fillgate
work=$(mktemp -d /tmp/fillgate-e2e-security-XXXXXX)
bureau=
trap '[ -n "$bureau" ] && kill "$bureau" 2>/dev/null; wait; rm -rf "$work"' EXIT
OUT=$work/out
. tests/lib/e2e.sh
export LC_ALL=C.UTF-8 TZ=Asia/Shanghai
cd "$work" || exit 1

bureau_files sqlite:bureau.db
cat >>bureau.ini <<END
[web]
address = 127.0.0.1
port = 0
certificate = bureau/tls.pem
key = bureau/tls.key
public_lookup = yes
END
database=sqlite:$work/bureau.db
bureau_start() { # memory that was freed is given back soon, so that growth is the server's own
    : >log
    ASAN_OPTIONS=${ASAN_OPTIONS:-}:quarantine_size_mb=1:thread_local_quarantine_size_kb=16 "$build/fillgate-bureau" bureau.ini 2>log &
    bureau=$!
    until_true 30 grep -q 'pages: http' log || { cat log; return 1; }
    port=$(sed -nE 's|.*pages: https?://[^ ]*:([0-9]+)/.*|\1|p' log)
}
bureau_stop() {
    kill "$bureau"
    wait "$bureau"
}
check "the bureau starts with pages over HTTPS" bureau_start
prepare() {
    local who n
    for who in auditor registrar supervisor administrator; do
        "$fillgate" user add $who --name "Test $who" --role $who --why test --ask --database "$database" <<<look-at-everything || return 1
    done
    "$fillgate" user add leaver --name Leaver --role auditor --why test --ask --database "$database" <<<look-at-everything || return 1
    for n in 1 2 3; do
        "$fillgate" registry set cylinder HZ-CNG-$n --field state=in_service --field medium=cng --field owner="Secret Owner" --field plate=PLATE-7 \
            --field area=AREA-5 --database "$database" --why test || return 1
    done
}
check "users of every role, and three cylinders" prepare
attack() { # PHASE: counts its tests as ours
    (cd "$top" && PHASE=$1 PORT=$port CA=$work/ca/ca.pem DATABASE=$work/bureau.db BUREAU_PID=$bureau timeout 1000 node tests/e2e/web_security.mjs) >"$OUT" 2>&1
    grep -vE '^[0-9]+ passed, ' "$OUT"
    local line
    line=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$OUT" | tail -n 1)
    if [ -n "$line" ]; then
        passed=$((passed + ${line%% *}))
        line=${line#*, }
        failed=$((failed + ${line%% *}))
    else
        bad "the attacks of phase $1 came to no end"
    fi
}
attack attack

url=https://127.0.0.1:$port
expect "curl without the authority does not talk to the pages" 60 'certificate' curl -sS --max-time 20 "$url/"
expect "curl is told the page's content policy" 0 "default-src 'none'" curl -sS --max-time 20 --cacert ca/ca.pem -D - -o /dev/null "$url/"
expect "curl goes up no directory" 0 '^(400|404)$' curl -sS --max-time 20 --cacert ca/ca.pem --path-as-is -o /dev/null -w '%{http_code}' "$url/js/../../bureau.ini"
tls11() { openssl s_client -connect "127.0.0.1:$port" -tls1_1 -cipher 'ALL:@SECLEVEL=0' </dev/null; }
expect "openssl cannot speak TLS 1.1 with the pages" 1 'alert|error|no protocols' tls11
no_secrets() { [ -s log ] && ! grep -E 'look-at-everything|a sentence of my own|guess number' log; }
check "secrets are in no log" no_secrets

# Connections that ask nothing, from two addresses: more than there are places.
silent_hold() {
    node -e 'const net = require("net"); let open = 0;
        for (let i = 0; i < 400; i++) {
            const silent = net.connect({host: "127.0.0.1", port: process.argv[1], localAddress: i % 2 ? "127.0.0.2" : "127.0.0.3"});
            silent.on("connect", () => { if (++open === 400) console.log("all"); }).on("error", () => {}).on("close", () => {});
        }
        setTimeout(() => process.exit(), 60000);' "$port" >held &
    holder=$!
    until_true 20 grep -q all held
}
served_from() { curl -s -m 8 --interface "$1" --cacert ca/ca.pem "https://127.0.0.1:$port/api/v1/session" | grep -q '"signed_in"'; }
check "BAD-INPUT-IS-SAFE: 400 connections of two addresses that ask nothing are opened" silent_hold
check "BAD-INPUT-IS-SAFE: and give way to another address" served_from 127.0.0.77
check "BAD-INPUT-IS-SAFE: and to a request of their own" served_from 127.0.0.2
kill "$holder" 2>/dev/null
wait "$holder" 2>/dev/null

bureau_stop
sed -i 's/^public_lookup = yes/public_lookup = no/' bureau.ini
check "the bureau starts again, without the public look-up" bureau_start
attack after
bureau_stop
code=$?
if [ $code -eq 0 ] && ! grep -qE 'ERROR: AddressSanitizer|runtime error' log; then ok "it ends in order, with nothing for the sanitizers to say"; else bad "it ended with $code: $(tail -n 5 log)"; fi
bureau=
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
