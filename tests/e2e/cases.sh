#!/bin/bash
# What clerks do in the bureau's pages, played by curl against a running fillgate-bureau on SQLite and on PostgreSQL: an alarm that a
# device's report brings about becomes a case and is worked on by several people until somebody else closes it; a device joins with a
# code of the pages; a cylinder that is scrapped there stands so in the next list, which the command line opens and proves.
# Not: the pages themselves (tests/browser/bureau.mjs), attacks (web_security.sh). BUILD (build/asan).
set -u
cd "$(dirname "$0")/../.." || exit 1
build=$PWD/${BUILD:-build/asan}
postgres=$PWD/tests/lib/postgres.sh
fillgate=$build/fillgate
work=$(mktemp -d /tmp/fillgate-cases-XXXXXX)
bureau=
server=
trap '[ -n "$bureau" ] && kill "$bureau" 2>/dev/null && wait "$bureau"; [ -n "$server" ] && "$postgres" stop "$server"; rm -rf "$work"' EXIT
export OUT=$work/out
. tests/lib/e2e.sh
export LC_ALL=C.UTF-8 TZ=Asia/Shanghai
password=look-at-everything

prepare() {
    local user
    mkdir lists desk
    bureau_files "$database" || return 1
    cat >>bureau.ini <<END
signing_key = list.pem
[alarms]
sweep_every_s = 1
[web]
address = 127.0.0.1
port = 0
END
    printf '[rules]\nstation = S1\nmedia = cng\n' >rules.ini
    "$fillgate" registry set station S1 --field rules=@rules.ini --field list_medium=cng --field name=城北站 --field owner=HZGAS \
        --database "$database" --why opened || return 1
    for user in HZ-1 HZ-2; do
        "$fillgate" registry set cylinder $user --field state=in_service --field medium=cng --field nominal_kpa=20000 \
            --field inspection_due=2090-01-01 --database "$database" --why test || return 1
    done
    for user in chen:supervisor li:supervisor wang:supervisor zhao:auditor sun:registrar keeper:administrator; do
        "$fillgate" user add "${user%:*}" --name "${user%:*}" --role "${user#*:}" --why test --ask --database "$database" <<<$password || return 1
    done
}
start() {
    "$build/fillgate-bureau" bureau.ini 2>log &
    bureau=$!
    until_true 30 grep -q 'pages: http' log || { cat log; return 1; }
    pages=$(sed -nE 's/.*pages: (http[^ ]*[0-9]).*/\1/p' log)
    devices=https://127.0.0.1:$(sed -nE 's/.*listens on .* port ([0-9]+).*/\1/p' log)
}
api() { # USER METHOD PATH [BODY]: the answer, also in the file answer, then its status
    local user=$1 method=$2 path=$3 body=()
    [ $# -gt 3 ] && body=(-H 'Content-Type: application/json' --data-binary "$4")
    curl -sS -m 30 -g -b "desk/$user" -c "desk/$user" -o answer -w 'status %{http_code}\n' -X "$method" -H "Origin: $pages" \
        -H "X-Fillgate-Token: $(cat "desk/$user.token" 2>/dev/null)" "${body[@]}" "$pages$path" >status
    cat answer
    echo
    cat status
}
member() { # EXPRESSION over the last answer
    node -e 'const answer = JSON.parse(require("fs").readFileSync("answer", "utf8"));
        process.stdout.write(String(eval(process.argv[1])))' "$1"
}
says() { # TEXT EXPRESSION over the last answer
    [ "$(member "$2")" = "$1" ] || { cat answer; return 1; }
}
sign_in() { # USER...
    local user
    for user; do
        api "$user" POST /api/v1/session "{\"user\":\"$user\",\"password\":\"$password\"}" | grep -q 'status 200' || return 1
        member answer.token >"desk/$user.token"
    done
}
report() { # WALL-MS: S1 says what its clock shows; the status
    node -e 'let rest = BigInt(process.argv[1]) * 2n; const wall = [];
        do { wall.push(Number(rest & 127n) | (rest > 127n ? 128 : 0)); rest >>= 7n; } while (rest > 0n);
        const self = [0x0a, 2, 0x53, 0x31, 0x10, ...wall];
        require("fs").writeFileSync("report", Buffer.from([0x0a, self.length, ...self]))' "$1"
    curl -sS -m 20 -o told -w 'status %{http_code}\n' --cacert ca/ca.pem --cert S1/tls.pem --key S1/tls.key --data-binary @report "$devices/v1/report"
    cat told
}
now_ms() { date +%s%3N; }

# ---- a device joins with a code of the pages ----

device() {
    expect "a supervisor makes no codes for devices" 0 'status 403' api chen POST /api/v1/devices/codes '{"device":"S1","role":"station"}'
    expect "an administrator does" 0 'status 201' api keeper POST /api/v1/devices/codes '{"device":"S1","role":"station","names":"127.0.0.2"}'
    member answer.code >code
    expect "a station joins with it" 0 'enrolled as S1' "$fillgate" station enrol S1 --url "$devices" --ca ca/ca.pem --code-file code
    expect "once" 3 'answered 403' "$fillgate" station enrol again --url "$devices" --ca ca/ca.pem --code-file code
    expect "its reports are taken" 0 'status 200' report "$(now_ms)"
    expect "suspended in the pages" 0 'status 200' api keeper POST /api/v1/devices/S1/suspend '{"why":"stolen"}'
    expect "it is refused at its next request" 0 'suspended' report "$(now_ms)"
    expect "let in again" 0 'status 200' api keeper POST /api/v1/devices/S1/resume '{"why":"found"}'
    expect "it is served again" 0 'status 200' report "$(now_ms)"
}

# ---- an alarm, from case to closing ----

case_of() { # ALARM: its number in $number
    api zhao GET '/api/v1/cases?station=S1' >/dev/null
    number=$(member "answer.cases.filter(one => one.alarm === '$1').map(one => one.number)[0] || ''")
    [ -n "$number" ]
}
step() { # USER MEMBERS: a step on the newest version of case $number
    api "$1" GET "/api/v1/cases/$number" >/dev/null
    api "$1" POST "/api/v1/cases/$number/steps" "{\"version\":$(member answer.case.version),$2}"
}
sql() {
    if [ "$kind" = SQLite ]; then sqlite3 -cmd '.timeout 20000' bureau.db "$1"; else psql -X -q -d "$database" -c "$1"; fi
}
alarm_to_closing() {
    local due
    due=$(date -d '+7 days' +%F)
    expect "a station reports with a wrong clock" 0 'status 200' report 1000
    check "the alarm becomes a case" until_true 60 case_of CLOCK_OFFSET
    expect "which everybody who reads may see" 0 '"state": ?"OPEN".*"opened_by": ?"fillgate-bureau"' api zhao GET "/api/v1/cases/$number"
    expect "an auditor takes no step" 0 'FORBIDDEN' step zhao '"step":"ASSIGN","party":"li","why":"x"'
    expect "nor does a registrar" 0 'FORBIDDEN' step sun '"step":"ASSIGN","party":"li","why":"x"'
    expect "nobody closes what nobody has looked at" 0 'status 409' step chen '"step":"CLOSE","why":"looks harmless"'
    expect "it is not assigned to nobody" 0 'party must be a user who may work on cases' step chen '"step":"ASSIGN","party":"nobody","why":"x"'
    expect "nor without a reason" 0 'why is missing' step chen '"step":"ASSIGN","party":"li"'
    expect "a supervisor assigns it" 0 '"state": ?"ASSIGNED"' step chen '"step":"ASSIGN","party":"li","why":"knows the station"'
    expect "who decides on what is no longer so is told" 0 'STALE' api wang POST "/api/v1/cases/$number/steps" \
        '{"step":"ASSIGN","version":1,"party":"wang","why":"mine"}'
    expect "an order is not due in the past" 0 'due_day must be today or later' step li '"step":"ORDER","party":"HZGAS","words":"Set it.","due_day":"2020-01-01","why":"x"'
    expect "there is no order to print yet" 0 'status 404' api zhao GET "/api/v1/cases/$number/order"
    expect "an order with a due day goes out" 0 '"state": ?"ORDERED"' step li \
        "\"step\":\"ORDER\",\"party\":\"HZGAS, Mr Ma\",\"words\":\"Set the clock.\\n校准时钟。\",\"due_day\":\"$due\",\"why\":\"rule 12\""
    expect "what is printed names order, recipient, station, day and text" 0 \
        "\"order\": ?\"$number-1\".*HZGAS, Mr Ma.*$due.*城北站" api zhao GET "/api/v1/cases/$number/order"
    check "and line for line" says $'Set the clock.\n校准时钟。' answer.order_text
    expect "it is not overdue" 0 '"cases": ?\[\]' api chen GET '/api/v1/cases?overdue=true'
    sql "UPDATE hazard_case SET due_day = due_day - 30 WHERE number = $number" # as if the days had gone by
    expect "when its day has passed without an answer it stands out" 0 '"overdue": ?true' api chen GET '/api/v1/cases?overdue=true'
    check "and nothing else does" says "$number" 'answer.cases.map(one => one.number).join()'
    expect "the alarm's cause ends" 0 'status 200' report "$(now_ms)"
    ended() { api zhao GET "/api/v1/cases/$number" | grep -q ALARM_ENDED; }
    check "which is noted in the case" until_true 60 ended
    expect "but the case goes on" 0 '"state": ?"ORDERED"' api zhao GET "/api/v1/cases/$number"
    expect "the station's answer is recorded" 0 '"state": ?"ANSWERED"' step li '"step":"ANSWER","party":"Mr Ma","words":"Set.","why":"letter 4"'
    expect "and it is overdue no more" 0 '"cases": ?\[\]' api chen GET '/api/v1/cases?overdue=true'
    expect "who investigated it may not close it" 0 'CASE_SEPARATION' step li '"step":"CLOSE","why":"done"'
    check "and is told why, in both languages" eval 'grep -q "may not close" answer && grep -q 不得销号 answer'
    expect "somebody else closes it" 0 '"state": ?"CLOSED".*"closed_by": ?"wang"' step wang '"step":"CLOSE","why":"looked at it on site"'
    expect "then nobody does anything to it" 0 'status 409' step chen '"step":"ASSIGN","party":"li","why":"again"'
    api zhao GET "/api/v1/cases/$number" >/dev/null
    check "its history has who did what" says fillgate-bureau:OPENED,chen:ASSIGN,li:ORDER,li:ANSWER,wang:CLOSE \
        'answer.history.filter(one => !one.step.startsWith("ALARM_")).map(one => one.who + ":" + one.step).join()'
}
by_hand() {
    expect "a supervisor opens a case by hand" 0 'status 201' api chen POST /api/v1/cases \
        '{"station":"S1","code":"HZ-2","words":"A valve <b>leaks</b>","why":"inspection of Tuesday"}'
    number=$(member answer.case.number)
    expect "an auditor does not" 0 'FORBIDDEN' api zhao POST /api/v1/cases '{"station":"S1","words":"x","why":"x"}'
    expect "it is assigned" 0 'status 200' step chen '"step":"ASSIGN","party":"li","why":"x"'
    expect "an order goes out" 0 "\"order\": ?\"$number-1\"" step li \
        "\"step\":\"ORDER\",\"party\":\"HZGAS\",\"words\":\"Change it.\",\"due_day\":\"$(date +%F)\",\"why\":\"x\""
    expect "it is withdrawn: the case is back with whom it is assigned to" 0 '"state": ?"ASSIGNED".*"assigned": ?"li"' step wang \
        '"step":"RETURN","why":"scrapped anyway"'
    expect "who opened it may not close it" 0 'CASE_SEPARATION' step chen '"step":"CLOSE","why":"done"'
    expect "who was assigned may not either" 0 'CASE_SEPARATION' step li '"step":"CLOSE","why":"done"'
    expect "a third one does" 0 '"closed_by": ?"wang"' step wang '"step":"CLOSE","why":"cylinder scrapped"'
    expect "the trail has all of it" 0 'CASE' "$fillgate" audit trail --database "$database" --user wang
}

# ---- a cylinder is scrapped ----

shown() { # VERSION CODE: as a controller that takes this version shows it
    "$fillgate" list import "lists/S1/$1.fgl" --list in.db --key list.pem.pub && "$fillgate" list show "$2" --list in.db --key list.pem.pub
}
change() { api "$1" PATCH /api/v1/cylinders/HZ-2 "{\"version\":$2,\"state\":\"$3\",\"why\":\"valve cut off\"}"; }
scrapped() {
    local version
    expect "registrars do not publish" 0 'FORBIDDEN' api sun POST /api/v1/lists/S1/publish '{"force":false,"insist":true}'
    expect "supervisors do" 0 '"published": ?true.*"version": ?1[,}]' api chen POST /api/v1/lists/S1/publish '{"force":false,"insist":true}'
    expect "a controller takes the list: the cylinder is in service" 0 'state IN_SERVICE' shown 1 HZ-2
    expect "nothing changed: nothing published" 0 '"published": ?false' api chen POST /api/v1/lists/S1/publish '{"force":false,"insist":true}'
    expect "the registrar opens the record" 0 '"state": ?"in_service"' api sun GET /api/v1/registry/cylinder/HZ-2
    version=$(member answer.version)
    expect "supervisors do not change it" 0 'FORBIDDEN' change chen "$version" scrapped
    expect "a state that is none is named" 0 'state .*must be one of in_service, suspended, scrapped, lost' change sun "$version" melted
    expect "it is scrapped" 0 '"state": ?"scrapped"' change sun "$version" scrapped
    expect "who still sees the old record is told" 0 'STALE' change sun "$version" in_service
    expect "the history has who and why" 0 'state: "in_service" -> "scrapped" +\(sun: valve cut off\)' \
        "$fillgate" registry history cylinder HZ-2 --database "$database"
    expect "the next list is published" 0 '"published": ?true.*"version": ?2[,}]' api chen POST /api/v1/lists/S1/publish '{"force":false,"insist":true}'
    expect "it proves that the cylinder is scrapped" 0 'state SCRAPPED' shown 2 HZ-2
    expect "the other one is as before" 0 'state IN_SERVICE' "$fillgate" list show HZ-1 --list in.db --key list.pem.pub
    expect "every row of it holds" 0 '' "$fillgate" list verify --list in.db --key list.pem.pub
    expect "the pages show the version" 0 '"version": ?2,' api zhao GET /api/v1/lists
}

all() { # KIND DATABASE
    kind=$1
    database=$2
    echo "  -- $kind"
    mkdir "$work/$kind" && cd "$work/$kind" || exit 1
    [ "$kind" = SQLite ] && database=sqlite:$PWD/bureau.db
    check "a bureau, its registry and its users" prepare
    check "it starts" start
    check "the users sign in" sign_in chen li wang zhao sun keeper
    device
    alarm_to_closing
    by_hand
    scrapped
    expect "the trail is whole" 0 '' "$fillgate" audit trail --verify --receipt-key receipt.pem.pub --database "$database"
    kill "$bureau"
    wait "$bureau"
    code=$?
    bureau=
    check "it stops in order, and no sanitizer found anything" eval '[ $code -eq 0 ] && ! grep -E "ERROR: (Address|Leak)Sanitizer|runtime error" log'
    check "no password is in its log" eval '[ -s log ] && ! grep -q "$password" log'
}
all SQLite ''
server=$work-pg
url=$("$postgres" start "$server") || { server=; echo "PostgreSQL cannot be started"; exit 1; }
all PostgreSQL "$url"
count
