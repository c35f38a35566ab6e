#!/bin/bash
# fillgate-bureau as its devices meet it: joining, requests by curl with and without a certificate, suspension at once,
# a certificate reloaded, lists published on schedule, the store verified from the command line. BUILD (build/asan).
set -u
cd "$(dirname "$0")/../.." || exit 1
build=$PWD/${BUILD:-build/asan}
fillgate=$build/fillgate
work=$(mktemp -d /tmp/fillgate-bureau-XXXXXX)
bureau=
trap '[ -n "$bureau" ] && kill "$bureau" 2>/dev/null; rm -rf "$work"' EXIT
OUT=$work/out
. tests/lib/e2e.sh
export LC_ALL=C.UTF-8 TZ=Asia/Shanghai
cd "$work" || exit 1

await() { # PATTERN FILE
    for _ in $(seq 300); do
        grep -qE -- "$1" "$2" 2>/dev/null && return 0
        sleep 0.1
    done
    return 1
}
ask() { # NAME-OF-DEVICE PATH [CURL OPTIONS]: status and answer
    local device=$1 path=$2 proof=()
    shift 2
    [ "$device" != nobody ] && proof=(--cert "$device/tls.pem" --key "$device/tls.key")
    curl -s -m 20 -w '\nstatus %{http_code}\n' --cacert ca/ca.pem "${proof[@]}" "$@" "https://127.0.0.1:$port$path"
}

bureau_files sqlite:bureau.db
cat >>bureau.ini <<END
publish_every_min = 60
publish_insist = yes
signing_key = list.pem
END
database=sqlite:$work/bureau.db
expect "settings that are good are said to be" 0 'good' "$build/fillgate-bureau" --check bureau.ini
sed 's/^port = 0/port = many/' bureau.ini >bad.ini
expect "a bad setting stops the start with file and line" 2 'bad.ini:5' "$build/fillgate-bureau" bad.ini

"$build/fillgate-bureau" bureau.ini 2>log &
bureau=$!
await 'listens on' log || { cat log; exit 1; }
port=$(sed -n 's/.*listens on .* port \([0-9]*\).*/\1/p' log)

"$fillgate" bureau code S1 --role station --name 127.0.0.2 --database "$database" --json | sed -n 's/.*"code":"\([^"]*\)".*/\1/p' >code
expect "a station joins with its one-time code" 0 'enrolled as S1' \
    "$fillgate" station enrol S1 --url "https://127.0.0.1:$port" --ca ca/ca.pem --code-file code
"$fillgate" bureau code ctl-1 --role controller --station S1 --database "$database" --json |
    sed -n 's/.*"code":"\([^"]*\)".*/\1/p' >code
expect "a controller joins with its one-time code" 0 'enrolled as ctl-1' \
    "$fillgate" controller enrol ctl-1 --url "https://127.0.0.1:$port" --ca ca/ca.pem --code-file code
expect "a code works once" 3 'answered 403' \
    "$fillgate" controller enrol again --url "https://127.0.0.1:$port" --ca ca/ca.pem --code-file code

expect "without a certificate: 401" 0 'status 401' ask nobody /v1/report -d x
expect "garbage instead of a report: 400" 0 'status 400' ask S1 /v1/report --data-binary garbage
expect "garbage instead of a batch: 400" 0 'status 400' ask ctl-1 /v1/journal --data-binary garbage
expect "another method: 405" 0 'status 405' ask S1 /v1/journal
expect "a body beyond the bound: 413" 0 'status 413' \
    ask S1 /v1/report --expect100-timeout 20 --data-binary "@$build/fillgate-bureau"
expect "an unknown path: 404" 0 'status 404' ask S1 /v1/nothing
expect "no key ring yet: 404" 0 'status 404' ask nobody /v1/keys
expect "another station's list: refused" 0 'status 40[34]' ask S1 /v1/list/S2/manifest
# A report: field 1 (self) with device "S1", wall_ms.
printf '\n\004\n\002S1' >report
expect "a report is answered with the bureau's clock" 0 'status 200' ask S1 /v1/report --data-binary @report
expect "a report as somebody else: 403" 0 'status 403' ask ctl-1 /v1/report --data-binary @report

expect "suspended by a clerk" 0 '' "$fillgate" bureau suspend S1 --database "$database" --why lost --who clerk
expect "a suspended station is refused at once" 0 'suspended' ask S1 /v1/report --data-binary @report
expect "and its request is told in the log" 0 'refused .*suspended' cat log
expect "released" 0 '' "$fillgate" bureau release S1 --database "$database" --why found --who clerk
expect "a released station is served again" 0 'status 200' ask S1 /v1/report --data-binary @report

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout rogue.key -out rogue.pem -days 2 \
    -subj '/O=fillgate/OU=station/CN=S1' >/dev/null 2>&1
mkdir rogue && mv rogue.key rogue/tls.key && mv rogue.pem rogue/tls.pem
expect "a certificate of another authority: 403" 0 'status 403' ask rogue /v1/report --data-binary @report

kill -HUP "$bureau"
await 'certificate reloaded' log
expect "SIGHUP reads the certificate anew" 0 'certificate reloaded' cat log
expect "and the bureau still answers" 0 'status 200' ask S1 /v1/report --data-binary @report

expect "an empty store verifies" 0 'verified|0 journals' "$fillgate" bureau verify --database "$database"
expect "alarms are listed" 0 '"alarms":' "$fillgate" bureau alarms --json --database "$database"
expect "an unknown alarm cannot be closed" 2 'no alarm' "$fillgate" bureau close-alarm NONSENSE x --why y --database "$database"
expect "an alarm that is not open cannot be closed" 3 'no alarm of kind FORK' \
    "$fillgate" bureau close-alarm FORK ctl-1 --why y --database "$database"

kill "$bureau"
wait "$bureau"
code=$?
bureau=
check "it stops at once when asked" eval '[ $code -eq 0 ] && grep -q stopped log'
check "and no sanitizer found anything" eval '! grep -E "ERROR: (Address|Leak)Sanitizer" log'
count
