#!/bin/bash
# The auditors' command line against a real bureau's pages over HTTPS: who may, what is found, exports that are what curl downloads
# and that hold elsewhere, samples that repeat, and what is said when something is wrong. BUILD (build/asan).
set -u
cd "$(dirname "$0")/../.." || exit 1
export BUILD=${BUILD:-build/asan}
fillgate=$(realpath "$BUILD/fillgate")
CITY=$(mktemp -d /tmp/fillgate-e2e-audit-export-XXXXXX)
export DIR=$CITY LIST_S=1 LC_ALL=C.UTF-8 TZ=Asia/Shanghai
database=sqlite:$CITY/bureau/bureau.db
stranger=
finish() {
    [ -n "$stranger" ] && kill "$stranger" 2>/dev/null
    tools/city.sh stop
    rm -rf "$CITY"
}
trap finish EXIT
export OUT=$CITY/out
. tests/lib/e2e.sh
desk=$CITY/desk
mkdir -m 700 "$desk"

# ---- a city with a fill and two refusals, and its pages over HTTPS ----
prepare() {
    tools/city.sh prepare && tools/city.sh start 1 && tools/city.sh sign-in && daemon_stop "$CITY/bureau" "$BUILD/fillgate-bureau" &&
        sed -i '/^\[web\]/,$ { s|^; certificate = .*|certificate = tls/tls.pem|; s|^; key = .*|key = tls/tls.key| }' "$CITY/bureau/bureau.ini" &&
        daemon_start "$CITY/bureau" "$BUILD/fillgate-bureau" bureau.ini &&
        until_true 30 grep -q 'pages: https' "$CITY/bureau/fillgate-bureau.log"
}
check "a city whose bureau serves its pages over HTTPS" prepare
url=$(sed -nE 's|.*pages: (https[^ ]*)/.*|\1|p' "$CITY/bureau/fillgate-bureau.log" | tail -n 1)
ca=$CITY/bureau/ca/ca.pem
cp "$CITY/bureau/receipt.pem.pub" "$desk/receipt.pub"
point() { "$fillgate" point "$@" --socket "$CITY/point-1/control.sock"; }
sim() { "$BUILD/fillgate-sim" --dir "$CITY/point-1" send "$1"; }
phase() { point status --json | grep -q "\"phase\":\"$1\""; }
stored() { # COUNT CODE: the bureau holds so many of it
    [ "$(sqlite3 "file:$CITY/bureau/bureau.db?mode=ro" "SELECT COUNT(*) FROM journal_entry WHERE code = '$2'")" -ge "$1" ]
}
work() {
    sim "connect good" && sim "present good" && until_true 30 phase PRE_CHECK && point check && point start &&
        until_true 60 phase POST_CHECK && point check && until_true 30 phase IDLE && sim remove && sim disconnect &&
        sim "present scrapped" && until_true 60 stored 1 HZ-CNG-900004 && sim remove && until_true 60 stored 2 HZ-CNG-900001
}
check "a cylinder is filled, another refused, and the bureau holds it" work
# From here on nothing is added, so that what is asked twice is answered alike.
check "the points stop" sh -c 'for n in 1 2; do kill $(cat "$DIR/point-$n/fillgate-link.pid"); done; sleep 1'

people() {
    local one
    for one in auditor:chen supervisor:zhao registrar:li administrator:wei; do
        "$fillgate" user add "${one#*:}" --role "${one%:*}" --ask --database "$database" <<<"what-${one#*:}-knows" || return 1
        (umask 077 && echo "what-${one#*:}-knows" >"$desk/${one#*:}")
    done
}
check "an auditor, a supervisor, a registrar and an administrator" people
audit() { # USER VERB...: as this user
    local user=$1 verb=$2
    shift 2
    timeout 60 "$fillgate" audit "$verb" "$@" --bureau "$url" --ca "$ca" --login "$user" --password-file "$desk/$user"
}

# ---- query ----
expect "what was filled is found by its code" 0 'HZ-CNG-900001.*HZ-01.*op-1' audit chen query --code HZ-CNG-900001
expect "with how much" 0 "HZ-CNG-900001.* [0-9]+\.[0-9]{3} kg" audit chen query --code HZ-CNG-900001 --outcome ENDED
expect "in Chinese" 0 'HZ-CNG-900001' env LC_ALL=zh_CN.UTF-8 "$fillgate" audit query --code HZ-CNG-900001 --bureau "$url" --ca "$ca" \
    --login chen --password-file "$desk/chen"
expect "a refusal by its reason" 0 'HZ-CNG-900004' audit chen query --reason SCRAPPED --station HZ-01 --medium CNG
count_json() { # COUNT ARGUMENTS...: so many lines of JSON
    local wanted=$1
    shift
    audit chen query --json "$@" >"$CITY/lines" || return 1
    node -e 'const l = require("fs").readFileSync(process.argv[1], "utf8").split("\n").filter(Boolean).map(JSON.parse);
        process.exit(l.length === +process.argv[2] ? 0 : (console.error(l.length), 1))' "$CITY/lines" "$wanted"
}
all=$(sqlite3 "file:$CITY/bureau/bureau.db?mode=ro" "SELECT COUNT(*) FROM journal_entry")
check "without a filter everything is found, as JSON" count_json "$all"
check "no more than asked for" count_json 3 --limit 3
check "nothing before there was anything" count_json 0 --until 2020-01-01
expect "and that there is more is said" 0 'There are more' audit chen query --limit 3
csv_same() { # the code column of the API's own export, sorted, is that of query --format csv
    audit chen query --format csv --limit 100000 >"$CITY/query.csv" && [ "$(wc -l <"$CITY/query.csv")" -eq $((all + 1)) ]
}
check "as CSV, with a line of names" csv_same
expect "a station that there is not has nothing" 0 '^$|^\s*$' sh -c "'$fillgate' audit query --station NONE --bureau '$url' --ca '$ca' --login chen --password-file '$desk/chen'; echo"
expect "a filter that the bureau refuses is told in its words" 3 'BAD_PARAMETER' audit chen query --outcome NONSENSE
expect "a registrar may read" 0 'HZ-CNG-900001' audit li query --code HZ-CNG-900001

# ---- export ----
export_both() {
    audit chen export "$desk/all.csv" --receipt-key "$desk/receipt.pub" && audit chen export "$desk/all.jsonl" --format jsonl --receipt-key "$desk/receipt.pub"
}
check "an auditor exports as CSV and as JSON lines" export_both
by_curl() { # FORMAT QUERY FILE: what a browser would get
    local token
    rm -f "$CITY/jar"
    token=$(curl -sS -m 20 --cacert "$ca" -c "$CITY/jar" -H "Origin: $url" -H 'Content-Type: application/json' \
        -d '{"user":"chen","password":"what-chen-knows"}' "$url/api/v1/session" | sed -E 's/.*"token": ?"([^"]+)".*/\1/') || return 1
    curl -sS -f -m 60 --cacert "$ca" -b "$CITY/jar" -H "X-Fillgate-Token: $token" -o "$3" "$url/api/v1/export/$1$2"
}
same() { by_curl "$1" "${3:-}" "$CITY/curl" && cmp "$CITY/curl" "$2" && [ "$(wc -l <"$2")" -ge 3 ]; }
check "the CSV is byte for byte what curl downloads" same csv "$desk/all.csv"
check "so are the JSON lines" same jsonl "$desk/all.jsonl"
check "each entry is one line" [ "$(wc -l <"$desk/all.jsonl")" -eq "$all" ]
check "a part by filter" audit chen export "$desk/part.csv" --code HZ-CNG-900001 --from 2020-01-01
check "is what curl downloads by it" same csv "$desk/part.csv" "?code=HZ-CNG-900001"
expect "without the key the signature is said not to be checked" 0 'not checked' audit chen export "$desk/unsure.csv"
check "the files are for nobody else, and nothing else is left" sh -c \
    "[ \"\$(stat -c %a '$desk/all.csv')\" = 600 ] && ! ls '$desk' | grep -vE '^(all|part|unsure)\.(csv|jsonl)(\.summary\.json)?\$|^(chen|zhao|li|wei|receipt.pub)\$'"
expect "a file that is there is not written over" 3 'exists already' audit chen export "$desk/all.csv"
expect "a supervisor may export" 0 'verified|ENTRIES|records' audit zhao export "$desk/zhao.csv" --receipt-key "$desk/receipt.pub"
expect "a registrar may not" 3 'FORBIDDEN' audit li export "$desk/li.csv"
expect "nor an administrator" 3 'FORBIDDEN' audit wei export "$desk/wei.csv"
check "and nothing is left of it" sh -c "! ls '$desk' | grep -E '^(li|wei)\.csv'"
"$fillgate" key new "$CITY/other.pem" >/dev/null
expect "a summary that another key has signed is refused" 1 'another key' \
    audit chen export "$desk/other.csv" --receipt-key "$CITY/other.pem.pub"
check "and no file is left of it" sh -c "! ls '$desk' | grep other"

# ---- another machine, the bureau's public key alone ----
mkdir "$CITY/court"
cp "$desk"/all.* "$desk/receipt.pub" "$CITY/court"
elsewhere() { (cd "$CITY/court" && env -i LC_ALL="${LC:-C.UTF-8}" TZ=Asia/Shanghai ASAN_OPTIONS="${ASAN_OPTIONS:-}" "$fillgate" audit verify-export "$@" --receipt-key "${KEY:-receipt.pub}"); }
expect "TAMPER-SHOWS: a copied export verifies elsewhere, and says whose it is" 0 'chen' elsewhere all.csv all.csv.summary.json
expect "TAMPER-SHOWS: so do the JSON lines" 0 "$all" elsewhere all.jsonl all.jsonl.summary.json
openssl_agrees() { # a stranger's digest
    local digest
    digest=$(openssl dgst -sha256 -r "$CITY/court/all.csv" | cut -d ' ' -f 1)
    grep -q "$digest" "$CITY/court/all.csv.summary.json"
}
check "openssl has the same digest of it" openssl_agrees
flip() { # FILE OFFSET: one bit, in a copy
    cp "$CITY/court/$1" "$CITY/court/flipped"
    printf "$(printf '\\x%02x' $((0x$(od -An -tx1 -j "$2" -N 1 "$CITY/court/$1" | tr -d " ") ^ 1)))" |
        dd of="$CITY/court/flipped" bs=1 seek="$2" conv=notrunc status=none
}
half=$(($(stat -c %s "$CITY/court/all.csv") / 2))
flip all.csv "$half"
expect "TAMPER-SHOWS: one flipped bit in the middle is found" 1 'SHA-256' elsewhere flipped all.csv.summary.json
head -c -1 "$CITY/court/all.csv" >"$CITY/court/short"
expect "TAMPER-SHOWS: a missing byte is found" 1 'bytes' elsewhere short all.csv.summary.json
expect "TAMPER-SHOWS: another export's summary does not fit" 1 'bytes|SHA-256' elsewhere all.csv all.jsonl.summary.json
summaries_show() { # every 37th byte: refused, or (white space between members) it says just what it said
    local at size
    elsewhere all.csv all.csv.summary.json >"$CITY/said" 2>&1 || return 1
    size=$(stat -c %s "$CITY/court/all.csv.summary.json")
    for at in $(seq 5 37 "$((size - 1))"); do
        flip all.csv.summary.json "$at"
        elsewhere all.csv flipped >"$CITY/flip" 2>&1 || { [ $? -eq 1 ] && continue; }
        cmp "$CITY/said" "$CITY/flip" || { echo "byte $at"; return 1; }
    done
}
check "TAMPER-SHOWS: a summary with one bit changed proves nothing" summaries_show
cp "$CITY/other.pem.pub" "$CITY/court"
KEY=other.pem.pub expect "TAMPER-SHOWS: another bureau's key does not fit" 1 'another key' elsewhere all.csv all.csv.summary.json
expect "a summary that is not there is named" 3 'nothing.json' elsewhere all.csv nothing.json

# ---- samples ----
draw() {
    audit chen sample draw --of entries --count 4 --seed 00112233445566778899aabbccddeeff --json >"$CITY/sample.json" || return 1
    number=$(sed -E 's/.*"number":([0-9]+).*/\1/' "$CITY/sample.json")
}
check "a sample of entries is drawn" draw
rows_same() { # show and repeat have the entries that were drawn
    local word
    for word in show repeat; do
        audit "$1" sample $word "$number" --json >"$CITY/$word.json" || return 1
        node -e 'const r = (n) => JSON.stringify(JSON.parse(require("fs").readFileSync(n, "utf8")).entries);
            process.exit(r(process.argv[1]).length > 10 && r(process.argv[1]) === r(process.argv[2]) ? 0 : 1)' "$CITY/sample.json" "$CITY/$word.json" || return 1
    done
}
check "shown and repeated by another user it has the same rows" rows_same zhao
expect "repeating says so" 0 'The draw is the same' audit chen sample repeat "$number"
expect "it is listed with seed" 0 'chen.*00112233445566778899aabbccddeeff' audit chen sample list
expect "a sample of cylinders, with a seed of the bureau's" 0 'HZ-CNG-' audit chen sample draw --count 3
expect "a sample that there is not" 3 'NOT_FOUND' audit chen sample show 4711
expect "a number that is none" 2 'NUMBER' audit chen sample show seven
expect "a registrar may not draw" 3 'FORBIDDEN' audit li sample draw

# ---- what is wrong is said ----
ask() { timeout 60 "$fillgate" audit query --limit 1 "$@"; }
base=(--bureau "$url" --login chen)
(umask 077 && echo wrong-password-here >"$desk/wrong")
expect "a wrong password" 3 'SIGN_IN_REFUSED' ask "${base[@]}" --ca "$ca" --password-file "$desk/wrong"
expect "in Chinese" 3 '密码.*SIGN_IN_REFUSED' env LC_ALL=zh_CN.UTF-8 "$fillgate" audit query "${base[@]}" --ca "$ca" --password-file "$desk/wrong"
expect "as JSON" 3 '"error":"DENIED"' ask "${base[@]}" --ca "$ca" --password-file "$desk/wrong" --json
install -m 644 "$desk/chen" "$CITY/open"
expect "a password file that others can read" 3 'chmod 600' ask "${base[@]}" --ca "$ca" --password-file "$CITY/open"
expect "a password on standard input" 0 'HZ-01|/[0-9]' sh -c "'$fillgate' audit query --limit 1 --bureau '$url' --login chen --ca '$ca' <'$desk/chen'"
expect "no password as an argument" 2 'unknown option|password' ask "${base[@]}" --ca "$ca" --password what-chen-knows
expect "an authority that is not known here" 3 'give the bureau.s with --ca' ask "${base[@]}" --password-file "$desk/chen"
"$fillgate" ca init "$CITY/stranger" --name stranger >/dev/null
expect "an authority of somebody else" 3 'an authority that is not trusted' ask "${base[@]}" --ca "$CITY/stranger/ca.pem" --password-file "$desk/chen"
expect "an authority's file that holds none" 3 'an authority that is not trusted' ask "${base[@]}" --ca "$desk/chen" --password-file "$desk/chen"
expect "an authority's file that is not there" 3 'nothing.pem' ask "${base[@]}" --ca "$CITY/nothing.pem" --password-file "$desk/chen"
expect "plain HTTP to elsewhere" 2 'https://' ask --bureau http://bureau.example --login chen --password-file "$desk/chen"
expect "an address with a path" 2 'nothing else' ask --bureau "$url/api" --login chen --password-file "$desk/chen"
expect "no address" 2 'give --bureau' ask --login chen --password-file "$desk/chen"
port_free() { node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })'; }
other_name() { # the certificate is right, and for 127.0.0.1 and localhost only
    ask --bureau "${url/127.0.0.1/bureau.example}" --login chen --ca "$ca" --password-file "$desk/chen"
}
expect "a name that nobody knows" 3 'cannot be reached' other_name
expect "nobody there" 3 'cannot be reached' ask --bureau "https://127.0.0.1:$(port_free)" --login chen --ca "$ca" --password-file "$desk/chen"

# A server with an expired certificate of the right authority, for the right address.
old() {
    port=$(port_free)
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$CITY/old.key" -out "$CITY/old.csr" -subj /CN=127.0.0.1 2>/dev/null &&
        : >"$CITY/index" && echo 4d >"$CITY/serial" && echo subjectAltName=IP:127.0.0.1 >"$CITY/old.ext" &&
        printf '%s\n' '[ca]' 'default_ca = one' '[one]' "database = $CITY/index" "serial = $CITY/serial" "new_certs_dir = $CITY" \
            'default_md = sha256' 'policy = any' '[any]' 'commonName = supplied' >"$CITY/old.cnf" &&
        openssl ca -batch -notext -config "$CITY/old.cnf" -in "$CITY/old.csr" -cert "$ca" -keyfile "$CITY/bureau/ca/ca.key" \
            -startdate 20210101000000Z -enddate 20210201000000Z -extfile "$CITY/old.ext" -out "$CITY/old.pem" 2>/dev/null || return 1
    openssl s_server -accept "127.0.0.1:$port" -cert "$CITY/old.pem" -key "$CITY/old.key" -www </dev/null >/dev/null 2>&1 &
    stranger=$!
    until_true 10 sh -c "exec 3<>/dev/tcp/127.0.0.1/$port" 2>/dev/null || sleep 1
}
check "a server with an old certificate" old
expect "a certificate that is out of date, with its dates" 3 'not valid today.*2021-01' \
    ask --bureau "https://127.0.0.1:$port" --login chen --ca "$ca" --password-file "$desk/chen"
kill "$stranger"
stranger=

# ---- the second factor ----
code() { # SECRET STEP: as a telephone shows it in that step of 30 s
    node -e 'const c = require("crypto"); let bits = ""; for (const l of process.argv[1]) bits += "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(l).toString(2).padStart(5, "0");
        const key = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2))); const at = Buffer.alloc(8);
        at.writeBigUInt64BE(BigInt(process.argv[2]));
        const h = c.createHmac("sha1", key).update(at).digest(); const o = h[19] & 15;
        console.log(String((h.readUInt32BE(o) & 0x7fffffff) % 1e6).padStart(6, "0"));' "$1" "$2"
}
# The bureau takes a code one step early or late. The step is read once and the codes are of this step and the
# next, so that both are good for 30 s at least, however slow the machine.
factor() {
    local token
    rm -f "$CITY/jar"
    call() { curl -sS -f -m 20 --cacert "$ca" -b "$CITY/jar" -c "$CITY/jar" -H "Origin: $url" -H 'Content-Type: application/json' "$@"; }
    token=$(call -d '{"user":"zhao","password":"what-zhao-knows"}' "$url/api/v1/session" | sed -E 's/.*"token": ?"([^"]+)".*/\1/') || return 1
    secret=$(call -H "X-Fillgate-Token: $token" -d '{"password":"what-zhao-knows"}' "$url/api/v1/session/totp" |
        sed -E 's/.*"secret": ?"([A-Z2-7]+)".*/\1/') || return 1
    step=$(($(date +%s) / 30))
    call -H "X-Fillgate-Token: $token" -d "{\"code\":\"$(code "$secret" "$step")\"}" "$url/api/v1/session/totp/confirm"
}
check "a supervisor switches the second factor on" factor
(umask 077 && code "$secret" $((step + 1)) >"$desk/code")
expect "with password and code" 0 'HZ-CNG-900001' audit zhao query --code HZ-CNG-900001 --code-file "$desk/code"
expect "a code is good once" 3 'SIGN_IN_REFUSED' audit zhao query --code-file "$desk/code"

# ---- locked for a while, suspended, to be changed ----
lock() {
    for _ in $(seq 15); do ask "${base[@]}" --ca "$ca" --password-file "$desk/wrong" >>"$CITY/lock" 2>&1; done
    grep TOO_MANY "$CITY/lock"
}
check "after many wrong passwords it has to be waited" lock
suspended() { "$fillgate" user suspend wei --why "left" --database "$database"; }
check "the administrator is suspended" suspended
expect "who is suspended gets in nowhere" 3 'SIGN_IN_REFUSED' audit wei query
one_time() {
    (umask 077 && "$fillgate" user add new --role auditor --json --database "$database" | sed -E 's/.*"password":"([^"]+)".*/\1/' >"$desk/new")
}
check "a new auditor has a one-time password" one_time
expect "which must be changed first" 3 'changed first' audit new query

# ---- the trail ----
trail() { "$fillgate" audit trail --database "$database" --last 500 >"$CITY/trail" && grep -qE "$1" "$CITY/trail" || { tail -n 12 "$CITY/trail"; return 1; }; }
check "the trail has who exported what" trail 'chen.*EXPORT.*format=csv.*code=HZ-CNG-900001'
check "with count and digest when it was done" trail "chen.*EXPORT_DONE.*format=jsonl records=$all .*sha256=[0-9a-f]{64}"
check "who drew and repeated" trail 'zhao.*SAMPLE_REPEAT'
check "who tried a wrong password" trail 'chen.*SIGN_IN.*wrong password'
expect "no session is left open" 0 '^[01]?[0-9]$' sqlite3 "file:$CITY/bureau/bureau.db?mode=ro" "SELECT COUNT(*) FROM web_session"
check "no password is in the bureau's log" sh -c "! grep -E 'what-(chen|zhao|li|wei)-knows' '$CITY'/bureau/*.log"
check "and no sanitizer found anything" sh -c "! grep -rE 'ERROR: (Address|Leak)Sanitizer' '$CITY'/*/*.log"
count
