#!/bin/bash
# A station that cheats stands between a controller and the bureau, with a genuine certificate: it swaps, replays, holds back, strips,
# signs again, delays. Nothing that it does gets a key of its own into a controller, a certificate for another key, a file half
# written, or a name that the bureau did not give; and it never sees a one-time code. BUILD (build/asan).
set -u
cd "$(dirname "$0")/../.." || exit 1
build=$PWD/${BUILD:-build/asan}
fillgate=$build/fillgate
work=$(mktemp -d /tmp/fillgate-rogue-XXXXXX)
bureau=
rogue=
other=
finish() {
    for pid in $bureau $rogue $other; do kill "$pid" 2>/dev/null; done
    rm -rf "$work"
}
trap finish EXIT
OUT=$work/out
. tests/lib/e2e.sh
export LC_ALL=C.UTF-8 TZ=Asia/Shanghai
cd "$work" || exit 1
database=sqlite:$work/bureau.db
port_of() { sed -n 's/.*listens on .* port \([0-9]*\).*/\1/p' "$1"; }
code() { # FILE OPTIONS OF bureau code...
    local file=$1
    shift
    "$fillgate" bureau code "$@" --database "$database" --json >code.json || return 1
    sed -n 's/.*"code":"\([^"]*\)".*/\1/p' code.json >"$file"
}
play() { printf '%s\n' "$@" >rogue/play; }
last() { ls rogue/seen/*."$1" | tail -n 1; } # request or answer

bureau_files "$database"
# The bureau is called by names; the stations have addresses of their own.
"$fillgate" bureau enrol bureau --ca ca --name bureau.example --name localhost --name 127.0.0.1 >"$OUT"
cat >>bureau.ini <<END
[web]
address = 127.0.0.1
port = 0
certificate = bureau/tls.pem
key = bureau/tls.key
END
"$build/fillgate-bureau" bureau.ini 2>log &
bureau=$!
until_true 20 grep -q 'pages: ' log || { cat log; exit 1; }
url=https://127.0.0.1:$(port_of log)

# ---- names are given, not asked for ----
code station.code S1 --role station --name localhost
expect "a station does not join under a name of the bureau's own" 3 'a name of the bureau itself' \
    "$fillgate" station enrol S1 --url "$url" --ca ca/ca.pem --code-file station.code
code station.code S1 --role station --name 127.0.0.2 --name s1.example
expect "a station joins" 0 'enrolled as S1' "$fillgate" station enrol S1 --url "$url" --ca ca/ca.pem --code-file station.code
names() { openssl x509 -in "$1" -noout -ext subjectAltName | tr -d ' \n'; }
check "its names are those that the bureau gave it" eval '[ "$(names S1/tls.pem)" = "X509v3SubjectAlternativeName:IPAddress:127.0.0.2,DNS:s1.example" ]'
own_names() { # a renewal that asks for names, as programs could before
    cp S1/tls.pem before.pem
    openssl req -new -key S1/tls.key -subj '/O=fillgate/OU=bureau/CN=bureau' -addext 'subjectAltName=DNS:bureau.example,DNS:localhost' -outform DER -out csr.der
    python3 - <<'PY' >renewal
# Field 2: the role, 3: the signing request, 6: two names.
import sys
csr = open('csr.der', 'rb').read()
def field(number, value):
    size, out = len(value), b''
    while size > 127:
        out, size = out + bytes([size & 127 | 128]), size >> 7
    return bytes([number << 3 | 2]) + out + bytes([size]) + value
sys.stdout.buffer.write(field(2, b'station') + field(3, csr) + field(6, b'bureau.example') + field(6, b'localhost'))
PY
    curl -sS -m 20 --cacert ca/ca.pem --cert S1/tls.pem --key S1/tls.key --data-binary @renewal -o renewed -w '%{http_code}' "$url/v1/renew" | grep -q 200 &&
        ! grep -q -a 'bureau.example' renewed && ! grep -q -a localhost renewed && grep -q -a s1.example renewed
}
check "a station that renews itself as bureau.example and localhost gets the names that it had" own_names

# ---- the rogue ----
mkdir rogue
"$fillgate" key new rogue/rogue.pem >"$OUT"
"$build/fillgate-rogue" --listen 127.0.0.2 --certificate S1/tls.pem --key S1/tls.key --ca ca/ca.pem --url "$url" --dir rogue 2>rogue/log &
rogue=$!
until_true 20 grep -sq 'listens on' rogue/log || { cat rogue/log; exit 1; }
hop=https://127.0.0.2:$(port_of rogue/log)
join() { "$fillgate" controller enrol "$1" --url "$hop" --ca ca/ca.pem --code-file ctl.code; } # FOLDER
nothing_kept() { # a joining that failed has left the keys that the device made, and nothing else
    [ "$(ls "$1")" = $'device.key\ntls.key' ] || { ls -l "$1"; return 1; }
}
attack() { # NAME PATTERN CHEAT: joining through the cheat fails so, and leaves nothing
    code ctl.code ctl-1 --role controller --station S1
    play "/v1/enrol $3"
    expect "$1" "${4:-1}" "$2" join c
    check "  and nothing of it is kept" nothing_kept c
}
attack "LIST-IS-SIGNED: list and receipt keys swapped in the answer: refused" 'signature for .* is invalid' swap-keys
attack "LIST-IS-SIGNED: swapped and signed again with the station's own key: refused" 'did not sign' sign-again
attack "LIST-IS-SIGNED: the same under the authority's key id: refused" 'signature for .* is invalid' 'sign-again pretend'
attack "LIST-IS-SIGNED: the answer without its signature: refused" "answer is not the bureau's" strip
attack "BAD-INPUT-IS-SAFE: one bit changed in the answer's certificate: refused" 'signature for .* is invalid' 'flip 300'
attack "BAD-INPUT-IS-SAFE: half an answer: refused" 'signature for .* is invalid' cut 1
attack "BAD-INPUT-IS-SAFE: garbage for an answer: refused" "answer is not the bureau's" garbage 3
attack "the device's request for a certificate exchanged for the station's own: the bureau refuses" 'journal key: signature' swap-request 3
attack "the request held back: it is said that the bureau is away" 'answered 503' hold 3
play '/v1/enrol pass'
expect "passed on untouched the same code joins after all" 0 'enrolled as ctl-1' join c
cp "$(last answer)" old.answer
mv c first && mkdir c && cp first/device.key first/tls.key c/
attack "LIST-IS-SIGNED: the answer to another request, played again: refused" 'for another request' "file $work/old.answer"
play '/v1/enrol delay 1500'
code ctl.code ctl-1 --role controller --station S1
expect "delayed it joins all the same" 0 'enrolled as ctl-1' join c
codes_seen() { # every code of this test, as text, as digits alone, as its hash
    local one digits
    for one in $(cat ctl.code station.code); do
        digits=${one//-/}
        grep -l -a -e "$one" -e "$digits" rogue/seen/* && return 1
        grep -l -a -F "$(printf %s "$digits" | sha256sum | xxd -r -p)" rogue/seen/* 2>/dev/null && return 1
    done
    return 0
}
check "the station has seen no one-time code" codes_seen
check "everything of an answer is there at once" eval '[ -s c/tls.pem ] && [ -s c/receipt.pub ] && cmp c/ca.pem ca/ca.pem && cmp c/list-1.pub list.pem.pub && cmp c/tag-1.pub list.pem.pub'

# ---- the authority by its fingerprint ----
code ctl.code ctl-2 --role controller --station S1 --ca ca/ca.pem
fingerprint=$(sed -n 's/.*"fingerprint":"\([0-9a-f]*\)".*/\1/p' code.json)
by_fingerprint() { "$fillgate" controller enrol "$1" --url "$hop" --fingerprint "$2" --code-file ctl.code; }
"$fillgate" ca init rogue/ca --name "Huzhou bureau" >"$OUT"
play "/v1/authority file $work/rogue/ca/ca.pem"
expect "LIST-IS-SIGNED: another authority than the fingerprint names is not taken" 1 'does not have this fingerprint' by_fingerprint c2 "$fingerprint"
play '/v1/authority pass'
expect "a fingerprint that is none is said to be" 3 '64 hex digits' by_fingerprint c2 "${fingerprint:1}"
expect "with the fingerprint, typed in any case and with colons, the device joins" 0 'enrolled as ctl-2' \
    by_fingerprint c2 "$(sed 's/../&:/g; s/:$//' <<<"$fingerprint" | tr a-f A-F)"
check "and has that authority" cmp c2/ca.pem ca/ca.pem

# ---- renewal ----
renew() { "$fillgate" controller renew c --url "$hop"; }
renewal() { # NAME PATTERN CHEAT EXIT: the certificate that is there stays
    cp c/tls.pem kept.pem
    play "/v1/renew $3"
    expect "$1" "$4" "$2" renew
    check "  and the good certificate stays" cmp c/tls.pem kept.pem
}
renewal "BAD-INPUT-IS-SAFE: a renewal that is garbage is refused" 'no such message' garbage 3
renewal "a renewal for another key and role is refused" 'for another key' own-certificate 1
play '/v1/renew pass'
sleep 1
expect "a genuine renewal is taken" 0 'renewed' renew
cp "$(last answer)" older.answer
sleep 1
expect "and another one" 0 'renewed' renew
renewal "an older genuine renewal, played again, is refused" 'ends before' "file $work/older.answer" 1

# ---- who is at the other end ----
printf 'look-at-everything\n' >password
chmod 600 password
"$fillgate" user add auditor --name A --role auditor --why test --ask --database "$database" <password >"$OUT"
pages=https://127.0.0.1:$(sed -n 's|.*pages: https://[^:]*:\([0-9]*\)/.*|\1|p' log)
check "fillgate audit signs in at the bureau's pages" "$fillgate" audit query --bureau "$pages" --ca ca/ca.pem --login auditor --password-file password
rm -f rogue/seen/*
expect "fillgate audit sends a station no password, however genuine its certificate" 3 'not the bureau.*station S1' \
    "$fillgate" audit query --bureau "$hop" --ca ca/ca.pem --login auditor --password-file password
check "  and the station has seen nothing of it" eval '! ls rogue/seen/* 2>/dev/null'
code s2.code S2 --role station --name 127.0.0.3
expect "a station joins at the bureau only, not at another station" 1 'station S1 is at the other end, where a bureau should be' \
    "$fillgate" station enrol S2 --url "$hop" --ca ca/ca.pem --code-file s2.code

# ---- the station as a witness of the bureau's trail ----
# report [HEAD...]: S1 reports and hands these heads back; what it is given is then in the file given.
cat >heads.py <<'PY'
# heads.py batch HEAD...: an FgReportBatch of S1; heads.py given < FgReportAnswer: its head
import sys
def varint(n):
    out = b''
    while n > 127:
        out, n = out + bytes([n & 127 | 128]), n >> 7
    return out + bytes([n])
def field(number, value): return bytes([number << 3 | 2]) + varint(len(value)) + value
if sys.argv[1] == 'batch':
    heads = [open(name, 'rb').read() for name in sys.argv[2:]]
    sys.stdout.buffer.write(field(1, field(1, b'S1')) + b''.join(field(3, head) for head in heads))
else:
    answer, at = sys.stdin.buffer.read(), 0
    while at < len(answer):
        tag, at = answer[at], at + 1
        n = shift = 0
        while True:
            n, shift, at = n | (answer[at] & 127) << shift, shift + 7, at + 1
            if answer[at - 1] < 128:
                break
        if tag & 7 == 2:
            if tag >> 3 == 3:
                sys.stdout.buffer.write(answer[at:at + n])
            at += n
PY
report() {
    python3 heads.py batch "$@" >batch.body || return 1
    [ "$(curl -sS -m 20 --cacert ca/ca.pem --cert S1/tls.pem --key S1/tls.key --data-binary @batch.body -o reported -w '%{http_code}' "$url/v1/report")" = 200 ] &&
        python3 heads.py given <reported >given
}
report_gives() { # a head, like each of the bureau's
    report "$@" && [ "$(stat -c %s given)" -eq 120 ]
}
no_alarm() { "$fillgate" bureau alarms --database "$database" >alarms && ! grep TRAIL_CUT alarms; }
accuses_nobody() { report_gives "$@" && no_alarm; }
check "a station that reports is given the signed head of the trail" report_gives
cp given old
check "handed back it accuses nobody" accuses_nobody old
"$fillgate" bureau code S3 --role station --name 127.0.0.4 --database "$database" >"$OUT"
check "replayed when the trail has gone on, it accuses nobody" accuses_nobody old
cp given newest
check "and what came with that is a newer one" eval '! cmp -s old newest'
cp newest forged && printf '\001' | dd of=forged bs=1 seek=74 conv=notrunc 2>/dev/null # record 2^40 and some
check "TAMPER-SHOWS: a forged head of a record that was never there accuses nobody" accuses_nobody forged
check "  and is named in the bureau's log" until_true 10 grep -q "not a head of this bureau's trail" log
head -c 70 newest >half && head -c 190 log >garbage
check "BAD-INPUT-IS-SAFE: half a head and garbage accuse nobody" accuses_nobody half garbage newest
check "a station that holds its heads back is answered as ever, and accuses nobody" accuses_nobody
back_to_older() { # with everything that knows of it: the program finds nothing by itself
    sqlite3 bureau.db ".backup $work/older.db" || return 1
    "$fillgate" user role auditor administrator --why "for a night" --database "$database" || return 1
    report_gives newest || return 1
    cp given newest
    kill "$bureau" && wait "$bureau"
    rm -f bureau.db*
    cp older.db bureau.db
    "$build/fillgate-bureau" bureau.ini 2>log2 &
    bureau=$!
    until_true 20 grep -q 'listens on' log2 || return 1
    url=https://127.0.0.1:$(port_of log2)
    "$fillgate" bureau verify --database "$database"
}
check "a bureau's database that is put back to an older copy agrees with itself" back_to_older
check "a station that holds back, or replays a head from before, keeps quiet about it" accuses_nobody old
accuses() { report newest && "$fillgate" bureau alarms --database "$database" | grep TRAIL_CUT; }
check "TAMPER-SHOWS: one that hands its newest head back raises the alarm" accuses
expect "TAMPER-SHOWS: and verifying names the record" 1 'whose signed head station S1 keeps, is' "$fillgate" bureau verify --database "$database"

check "no sanitizer found anything" eval '! grep -E "ERROR: (Address|Leak)Sanitizer|runtime error" log log2 rogue/log'
count
