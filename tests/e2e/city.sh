#!/bin/bash
# The whole city with real processes: make run's own story, then what strangers, suspended devices and clerks' changes meet, judged
# with openssl, curl and sqlite3. BUILD (build/asan) is where the programs are.
set -u
cd "$(dirname "$0")/../.." || exit 1
export BUILD=${BUILD:-build/asan}
fillgate=$BUILD/fillgate
CITY=$(mktemp -d /tmp/fillgate-e2e-city-XXXXXX)
export CITY DIR=$CITY LIST_S=1 LC_ALL=C.UTF-8 TZ=Asia/Shanghai
database=sqlite:$CITY/bureau/bureau.db
finish() {
    tools/city.sh stop
    rm -rf "$CITY"
}
trap finish EXIT
export OUT=$CITY/out
. tests/lib/e2e.sh
. tests/lib/old_city.sh
refuses() { # PATTERN COMMAND...: the command's output has the pattern
    local pattern=$1
    shift
    "$@" >"$CITY/answer" 2>&1
    grep -qE -- "$pattern" "$CITY/answer" || { cat "$CITY/answer"; return 1; }
}

check "the city's own story comes out as told" tools/run.sh "$BUILD" --check

# The story has stopped the city; the same one goes on, in directories as the programs before left them.
joined_count() { sqlite3 "$CITY/bureau/bureau.db" "SELECT COUNT(*) FROM device_change WHERE what = 'enrolled'"; }
joined_before=$(joined_count)
from_before() {
    old_city "$CITY" && rm -f "$CITY"/*/fillgate*.log && [ "$(sqlite3 "$CITY/bureau/bureau.db" "SELECT MAX(number) FROM schema_version")" = 14 ] &&
        [ "$(sqlite3 "$CITY/station/station.db" "SELECT MAX(number) FROM schema_version")" = 2 ] && ls -l "$CITY/station" "$CITY/point-1" &&
        [ ! -e "$CITY/point-1/joined" ] && [ -f "$CITY/point-1/ca.pem" ]
}
check "the city's directories are put back to the formats of the version before: databases, joined files, settings" from_before
check "station status reads the store of then, which no program of now has opened" \
    refuses '^  roster: none yet' "$fillgate" station status --config "$CITY/station/station.ini"
restart() {
    daemon_start "$CITY/bureau" "$BUILD/fillgate-bureau" bureau.ini
    daemon_start "$CITY/station" "$BUILD/fillgate-station" station.ini
    tools/city.sh start 2
}
check "everything starts again on what is left, with the newest list in force" restart
by_itself() { # one line each, and nobody has to do anything
    grep -qE 'database: [0-9]+ migrations applied' "$CITY/bureau/fillgate-bureau.log" &&
        grep -q 'no roster of the bureau yet: until it comes, only controllers whose journals are held here are served' "$CITY/station/fillgate-station.log" &&
        until_true 60 grep -qE 'roster [0-9]+ is in force' "$CITY/station/fillgate-station.log"
}
check "what must be done once is done by itself: the databases are brought up to date, and the roster comes" by_itself
bureau=https://127.0.0.1:$(sed -n '0,/^port = /s/^port = //p' "$CITY/bureau/bureau.ini")
station=https://127.0.0.2:$(sed -n 's/^port = //p' "$CITY/station/station.ini")
ca=$CITY/bureau/ca/ca.pem
own=(--cacert "$ca" --cert "$CITY/point-1/tls.pem" --key "$CITY/point-1/tls.key" --max-time 20 -sS)

equal_journals() { # what the bureau holds is what the controller logged, byte for byte
    local n=$1 end=$((SECONDS + 60))
    local mine theirs
    while [ $SECONDS -lt $end ]; do
        mine=$(sqlite3 "file:$CITY/point-$n/journal.db?mode=ro" "SELECT sequence, hex(bytes) FROM entry ORDER BY sequence")
        theirs=$(sqlite3 "file:$CITY/bureau/bureau.db?mode=ro" \
            "SELECT sequence, hex(bytes) FROM journal_entry WHERE controller = 'ctl-$n' ORDER BY sequence")
        [ -n "$mine" ] && [ "$mine" = "$theirs" ] && return 0
        sleep 0.5
    done
    diff <(echo "$mine") <(echo "$theirs") | cut -c1-100
    return 1
}
check "NO-LOSS: sqlite3 finds the journal of point 1 at the bureau, byte for byte" equal_journals 1
check "NO-LOSS: sqlite3 finds the journal of point 2 at the bureau, byte for byte" equal_journals 2

sim() { "$BUILD/fillgate-sim" --dir "$CITY/point-1" send "$1" >/dev/null; }
in_phase() { "$fillgate" point status --json --socket "$CITY/point-1/control.sock" | grep -q "\"phase\":\"$1\""; }
ended_at_bureau() { sqlite3 "file:$CITY/bureau/bureau.db?mode=ro" "SELECT COUNT(*) FROM journal_entry WHERE controller = 'ctl-1' AND kind = 6"; }
another_fill() {
    local socket=$CITY/point-1/control.sock before
    before=$(ended_at_bureau)
    tools/city.sh sign-in && sim "connect third" && sim "present third" && until_true 60 in_phase PRE_CHECK && "$fillgate" point check --socket "$socket" &&
        "$fillgate" point start --socket "$socket" && until_true 60 in_phase POST_CHECK && "$fillgate" point check --socket "$socket" &&
        until_true 60 in_phase IDLE && sim remove && sim disconnect && equal_journals 1 && [ "$(ended_at_bureau)" -gt "$before" ]
}
check "NO-LOSS: a fill in directories from before reaches the bureau" another_fill
check "nobody joined again for it, and the three devices are who they were" \
    eval '[ "$(joined_count)" = "$joined_before" ] && ! grep -q " joined from" "$CITY/bureau/fillgate-bureau.log" && [ "$joined_before" = 3 ]'
renew_before() { # a station from before names were kept goes on with those of its certificate
    local names
    names=$(openssl x509 -in "$CITY/station/tls.pem" -noout -ext subjectAltName)
    "$fillgate" station renew "$CITY/station" --url "$bureau" && [ "$names" = "$(openssl x509 -in "$CITY/station/tls.pem" -noout -ext subjectAltName)" ] &&
        kill -HUP "$(cat "$CITY/station/fillgate-station.pid")"
}
check "a station that joined before names were kept renews, and is called as before" renew_before

check "openssl verifies the station's certificate, and TLS 1.2 or newer with ECDSA only" \
    refuses 'Cipher is (ECDHE-ECDSA|TLS_)' sh -c "openssl s_client -connect ${station#https://} -CAfile $ca -verify_return_error -brief </dev/null 2>&1 | sed 's/Ciphersuite: /Cipher is /'"
check "openssl cannot speak TLS 1.1 with the station" \
    refuses 'alert|error|no protocols' openssl s_client -connect "${station#https://}" -tls1_1 -cipher 'ALL:@SECLEVEL=0' </dev/null
check "curl without a certificate is told that it needs one" \
    refuses '401|403' curl --cacert "$ca" -sS -o /dev/null -w '%{http_code}' --max-time 20 "$station/v1/list/HZ-01/manifest"
check "curl with the controller's certificate gets the manifest" \
    refuses '^200$' curl "${own[@]}" -o "$CITY/manifest" -w '%{http_code}' "$station/v1/list/HZ-01/manifest"
stranger() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj '/O=fillgate/OU=controller/CN=ctl-1' \
        -keyout "$CITY/stranger.key" -out "$CITY/stranger.pem" 2>/dev/null
    refuses '403|alert' curl --cacert "$ca" --cert "$CITY/stranger.pem" --key "$CITY/stranger.key" -sS -o /dev/null \
        -w '%{http_code}' --max-time 20 "$1/v1/list/HZ-01/manifest"
}
check "a certificate of another authority is refused by the station, whatever its name" stranger "$station"
check "a certificate of another authority is refused by the bureau, whatever its name" stranger "$bureau"
check "BAD-INPUT-IS-SAFE: garbage instead of a batch is 400" \
    refuses '^400$' curl "${own[@]}" --data-binary 'no protobuf at all' -o /dev/null -w '%{http_code}' "$station/v1/journal"
check "BAD-INPUT-IS-SAFE: a body beyond the bound is 413" \
    refuses '^413$' sh -c "head -c 3000000 /dev/zero | curl --cacert $ca --cert $CITY/point-1/tls.pem --key $CITY/point-1/tls.key --max-time 20 --expect100-timeout 20 -sS --data-binary @- -H 'Expect: 100-continue' -o /dev/null -w '%{http_code}' $station/v1/journal 2>/dev/null"
check "BAD-INPUT-IS-SAFE: a path beyond the lists is not found" \
    refuses '^40[034]$' curl "${own[@]}" --path-as-is -o /dev/null -w '%{http_code}' "$station/v1/list/../../etc/passwd/manifest"
enrol_again() { # the code of point 1 has been used
    echo 00000-00000-00000-00000 |
        refuses 'unknown, used, expired' "$fillgate" controller enrol "$CITY/intruder" --url "$bureau" --ca "$ca"
}
check "a code that the bureau did not make joins nobody" enrol_again
check "a certificate is renewed while everything runs" \
    "$fillgate" controller renew "$CITY/point-1" --url "$station"

other_station() { # a device that joined, genuinely, at another station
    local code
    code=$("$fillgate" bureau code ctl-far --role controller --station far --list-id HZ-01 --database "$database" --json |
        sed -E 's/.*"code":"([^"]+)".*/\1/') || return 1
    mkdir -p "$CITY/far" && echo "$code" | "$fillgate" controller enrol "$CITY/far" --url "$bureau" --ca "$ca" || return 1
    refuses '^403$' curl --cacert "$ca" --cert "$CITY/far/tls.pem" --key "$CITY/far/tls.key" --max-time 20 -sS -o /dev/null \
        -w '%{http_code}' "$station/v1/list/HZ-01/manifest"
}
check "LIST-IS-SIGNED: a controller of another station, with a genuine certificate, does not get this station's list" other_station

list_status() { # POINT: what the station answers it
    curl --cacert "$ca" --cert "$CITY/point-$1/tls.pem" --key "$CITY/point-$1/tls.key" --max-time 20 -sS -o /dev/null \
        -w '%{http_code}' "$station/v1/list/HZ-01/manifest"
}
bites() { # the roster is asked for every update_s (1 s here), and a request of the station has 5 s on a busy machine
    local begin
    begin=$(date +%s%N)
    until [ "$(list_status 2)" = 403 ]; do
        [ $(($(date +%s%N) - begin)) -lt 6000000000 ] || return 1
        sleep 0.1
    done
    echo "a suspension bites at the station after $((($(date +%s%N) - begin) / 1000000)) ms" | tee "$CITY/bites"
    [ "$(list_status 1)" = 200 ]
}

suspend() {
    "$fillgate" bureau suspend ctl-2 --why "seal broken" --database "$database" || return 1
    bites || return 1
    # Its next entry comes through as evidence, and point 1 does not notice.
    "$fillgate" point sign-in op-9 --certificate-end 2030-01-01 --socket "$CITY/point-2/control.sock" || return 1
    "$fillgate" point sign-in op-9 --certificate-end 2030-01-01 --socket "$CITY/point-1/control.sock" || return 1
    equal_journals 1 && equal_journals 2 && [ "$(marks_of op-9)" = "1 0,2 8" ]
}
marks_of() { # OPERATOR: point and marks of each of the operator's entries
    sqlite3 "file:$CITY/bureau/bureau.db?mode=ro" "SELECT group_concat(substr(controller, 5) || ' ' || marks) FROM (SELECT * FROM
        journal_entry WHERE operator_id = '$1' ORDER BY controller)"
}
check "NO-LOSS: a suspended device gets no list within update_s; what it signs comes through, marked, and others are not held up" suspend
receipted() { # what is receipted may be pruned
    "$fillgate" point status --json --socket "$CITY/point-2/control.sock" | grep -q '"unsent":0'
}
check "NO-LOSS: the suspended device is given its receipt" until_true 60 receipted
check "TAMPER-SHOWS: the bureau verifies with marks and suspensions" "$fillgate" bureau verify --database "$database"
sed 's/^/       /' "$CITY/bites"
publish() {
    "$fillgate" bureau publish HZ-01 --insist --lists "$CITY/bureau/lists" --key "$CITY/bureau/list.pem" --database "$database"
}
is_blocked() { # POINT true|false
    "$fillgate" point status --json --socket "$CITY/point-$1/control.sock" | grep -q "\"point_blocked\":$2"
}
stopped() { # the next list reaches the suspended controller too, because it stops its point
    publish && until_true 60 is_blocked 2 true && is_blocked 1 false && [ "$(list_status 2)" = 200 ]
}
check "LIST-IS-SIGNED: the next list stops the suspended controller's point, and no other" stopped
release() {
    "$fillgate" bureau release ctl-2 --why "new seal" --database "$database" || return 1
    "$fillgate" point sign-in op-6 --certificate-end 2030-01-01 --socket "$CITY/point-2/control.sock" || return 1
    equal_journals 2 && [ "$(marks_of op-6)" = "2 0" ]
}
check "NO-LOSS: released again, its entries come through without a mark" release
goes_on() { publish && until_true 60 is_blocked 2 false; }
check "the list after that lets the point go on" goes_on
city_files_known() {
    files_known bureau "$CITY/bureau" && files_known station "$CITY/station" && files_known point "$CITY/point-1" &&
        files_known point "$CITY/point-2"
}
check "TAMPER-SHOWS: the matrix of files knows every file that a running bureau, station and points leave" city_files_known
a_file_more() {
    touch "$CITY/station/lists/HZ-01/more"
    refuses '^lists/HZ-01/more$' city_files_known && rm "$CITY/station/lists/HZ-01/more"
}
check "TAMPER-SHOWS: a file that the matrix does not know is told" a_file_more

# A certificate that has ended: as the authority would have issued it long ago, for the same key and names.
ended() { # FOLDER ROLE ID USAGES
    local folder=$CITY/$1 names
    names=$(openssl x509 -in "$folder/tls.pem" -noout -ext subjectAltName | sed -n '2s/^ *//; 2s/IP Address:/IP:/g; 2p') || return 1
    mkdir -p "$CITY/past" && : >"$CITY/past/index.txt" || return 1
    printf '%s\n' '[ca]' 'default_ca = past' '[past]' "new_certs_dir = $CITY/past" "database = $CITY/past/index.txt" \
        "serial = $CITY/past/serial" 'default_md = sha256' 'policy = any' 'unique_subject = no' '[any]' 'O = supplied' 'OU = supplied' \
        'CN = supplied' '[names]' 'basicConstraints = CA:FALSE' 'keyUsage = digitalSignature' "extendedKeyUsage = $4" "subjectAltName = $names" \
        >"$CITY/past/past.cnf"
    openssl req -new -key "$folder/tls.key" -subj "/O=fillgate/OU=$2/CN=$3" -out "$CITY/past/request" &&
        openssl ca -config "$CITY/past/past.cnf" -batch -notext -rand_serial -startdate 20260101000000Z -enddate 20260201000000Z -extensions names \
            -keyfile "$CITY/bureau/ca/ca.key" -cert "$ca" -in "$CITY/past/request" -out "$CITY/past/tls.pem" || return 1
    rm "$folder/tls.pem" && cp "$CITY/past/tls.pem" "$folder/tls.pem"
}
has_op() { # CONTROLLER OPERATOR: the bureau has an entry of his
    [ "$(sqlite3 "file:$CITY/bureau/bureau.db?mode=ro" "SELECT COUNT(*) FROM journal_entry WHERE controller = '$1' AND operator_id = '$2'")" -gt 0 ]
}
log_tells() { grep -qE "$2" "$CITY/$1"; } # FILE PATTERN
point_ended() {
    daemon_stop "$CITY/point-2" "$BUILD/fillgate-link" && ended point-2 controller ctl-2 clientAuth || return 1
    daemon_start "$CITY/point-2" "$BUILD/fillgate-link" link.ini
    "$fillgate" point sign-in op-ended --certificate-end 2030-01-01 --socket "$CITY/point-2/control.sock" || return 1
    until_true 60 log_tells point-2/fillgate-link.log "this point's certificate has ended on 2026-02-01" &&
        until_true 60 log_tells point-2/fillgate-link.log 'it has ended: get a new one-time code from the bureau and run fillgate controller enrol' || return 1
    "$fillgate" controller renew "$CITY/point-2" --url "$station" >"$CITY/renewed" 2>&1 && return 1
    ! has_op ctl-2 op-ended
}
check "a link whose certificate has ended sends nothing, cannot renew, and says what to do" point_ended
joins_again() { # FOLDER ROLE ID URL OPTIONS OF bureau code...: in the same directory, with its keys
    local folder=$CITY/$1 role=$2 id=$3 url=$4 keys code
    shift 4
    keys=$(cat "$folder"/*.key | sha256sum)
    code=$("$fillgate" bureau code "$id" --role "$role" --station HZ-01 "$@" --database "$database" --json | sed -E 's/.*"code":"([^"]+)".*/\1/') || return 1
    echo "$code" | "$fillgate" "$role" enrol "$folder" --url "$url" --ca "$ca" && [ "$keys" = "$(cat "$folder"/*.key | sha256sum)" ]
}
point_again() {
    joins_again point-2 controller ctl-2 "$station" && until_true 60 has_op ctl-2 op-ended && equal_journals 2 &&
        [ "$(sqlite3 "$CITY/bureau/bureau.db" "SELECT COUNT(*) FROM device WHERE role = 'controller' AND station = 'HZ-01'")" = 2 ]
}
check "NO-LOSS: it joins again with a new code, in the same directory, and goes on as the same device without a restart" point_again
station_ended() {
    daemon_stop "$CITY/station" "$BUILD/fillgate-station" && ended station station HZ-01 clientAuth,serverAuth || return 1
    daemon_start "$CITY/station" "$BUILD/fillgate-station" station.ini
    "$fillgate" point sign-in op-late --certificate-end 2030-01-01 --socket "$CITY/point-1/control.sock" || return 1
    until_true 60 log_tells station/fillgate-station.log "this station's certificate has ended on 2026-02-01" &&
        until_true 60 log_tells station/fillgate-station.log 'with an ended certificate the bureau takes nothing: get a new one-time code' &&
        refuses 'certificate ends: 2026-02-01.*it has ended: get a new one-time code' "$fillgate" station status --config "$CITY/station/station.ini"
}
check "a station whose certificate has ended says so in its log and its status" station_ended
station_again() { joins_again station station HZ-01 "$bureau" --name 127.0.0.2 && until_true 60 has_op ctl-1 op-late; }
check "NO-LOSS: it joins again likewise, and all that waited arrives without a restart" station_again

log_has() { # FILE PATTERN: within a minute
    for _ in $(seq 120); do
        grep -qE "$2" "$1" && return 0
        sleep 0.5
    done
    tail -n 20 "$1"
    return 1
}
alone() { # entries wait at the station while the bureau is away
    daemon_stop "$CITY/bureau" "$BUILD/fillgate-bureau" || return 1
    "$fillgate" point sign-in op-8 --certificate-end 2030-01-01 --socket "$CITY/point-2/control.sock" || return 1
    for _ in $(seq 60); do
        [ "$(sqlite3 "file:$CITY/station/station.db?mode=ro" "SELECT COUNT(*) FROM entry WHERE controller = 'ctl-2'")" = \
            "$(sqlite3 "file:$CITY/point-2/journal.db?mode=ro" "SELECT COUNT(*) FROM entry")" ] && return 0
        sleep 0.5
    done
    return 1
}
check "without the bureau the station takes entries all the same" alone
held_back() { # as by a station that waits for the release
    "$fillgate" bureau suspend ctl-1 --why "seal broken" --database "$database" &&
        "$fillgate" point sign-in op-5 --certificate-end 2030-01-01 --socket "$CITY/point-1/control.sock" &&
        "$fillgate" bureau release ctl-1 --why "new seal" --database "$database"
}
check "a controller is suspended and released while its station hands nothing on" held_back

# A station without a network: rosters and lists come to it in somebody's pocket.
stick() { "$fillgate" bureau roster HZ-01 "$CITY/$1" --key "$CITY/bureau/receipt.pem" --database "$database"; }
bring() { "$fillgate" station roster-import "$CITY/$1" --config "$CITY/station/station.ini"; }
station_says() { # PATTERN
    refuses "$1" "$fillgate" station status --config "$CITY/station/station.ini"
}
list_by_stick() { # the newest list, into the station's own store, proven there
    publish && "$fillgate" list import "$(ls -t "$CITY"/bureau/lists/HZ-01/*.fgl | head -n 1)" \
        --list "$CITY/station/lists/HZ-01/list.db" --key "$CITY/station/list-1.pub"
}
stick_suspends() {
    stick first.roster && "$fillgate" bureau suspend ctl-2 --why "seal broken" --database "$database" && stick second.roster &&
        [ "$(list_status 2)" = 200 ] && bring second.roster && [ "$(list_status 2)" = 403 ] && [ "$(list_status 1)" = 200 ]
}
check "a roster on a stick suspends a device at a station that the bureau cannot reach" stick_suspends
check "station status says which roster is in force, how old it is, how many are on it, and who is suspended" \
    eval 'station_says "^  roster: [0-9]{13}" && station_says "issued: .* \(0:0[0-9] h ago\)" && station_says "controllers: 2" &&
        station_says "ctl-2 suspended since 20" && station_says "the bureau was last asked for it: .* \(0:" && ! station_says "ctl-1 suspended"'
expect "TAMPER-SHOWS: an older roster on a stick is refused" 1 'is older than' bring first.roster
head -c -1 "$CITY/second.roster" >"$CITY/cut.roster"
expect "TAMPER-SHOWS: one that was edited is refused" 1 'not signed with a key that signs receipts' bring cut.roster
expect "the bureau writes no roster for a device that is no station" 3 'is not a station' \
    "$fillgate" bureau roster ctl-1 "$CITY/no.roster" --key "$CITY/bureau/receipt.pem" --database "$database"
check "LIST-IS-SIGNED: a list on a stick, imported at the station, is handed down and stops the suspended controller's point" \
    eval 'list_by_stick && until_true 60 is_blocked 2 true && is_blocked 1 false'
stick_releases() {
    "$fillgate" bureau release ctl-2 --why "new seal" --database "$database" && stick third.roster && bring third.roster &&
        list_by_stick && until_true 60 is_blocked 2 false && station_says "controllers: 2" && ! station_says "suspended since"
}
check "the next ones let it go on" stick_releases

station_edit() { # a station operator with a database tool changes an entry that the bureau has not seen
    daemon_stop "$CITY/station" "$BUILD/fillgate-station" || return 1
    sqlite3 "$CITY/station/station.db" "UPDATE entry SET bytes = CAST(replace(bytes, 'op-8', 'op-7') AS BLOB)
        WHERE controller = 'ctl-2' AND sequence = (SELECT MAX(sequence) FROM entry WHERE controller = 'ctl-2' AND instr(bytes, CAST('op-8' AS BLOB)) > 0)" || return 1
    daemon_start "$CITY/bureau" "$BUILD/fillgate-bureau" bureau.ini
    daemon_start "$CITY/station" "$BUILD/fillgate-station" station.ini
    log_has "$CITY/station/fillgate-station.log" "TAMPERED STORE.*ctl-2"
}
check "TAMPER-SHOWS: an entry that was edited at the station is not taken by the bureau, and the station names it" station_edit
alarm() {
    for _ in $(seq 60); do
        "$fillgate" bureau alarms --database "$database" >"$CITY/alarms" 2>&1
        grep -q ctl-2 "$CITY/alarms" && return 0
        sleep 0.5
    done
    cat "$CITY/alarms"
    return 1
}
check "TAMPER-SHOWS: the bureau has an alarm about it" alarm
check "NO-LOSS: the other controller's entries still arrive" equal_journals 1
check "TAMPER-SHOWS: an entry that was held back until the release is marked by its own time" [ "$(marks_of op-5)" = "1 8" ]

altered() { # a clerk with a database tool
    daemon_stop "$CITY/bureau" "$BUILD/fillgate-bureau" || return 1
    sqlite3 "$CITY/bureau/bureau.db" "UPDATE journal_entry SET bytes = X'0A00' WHERE controller='ctl-1' AND sequence=3"
    refuses 'ctl-1.*3|3.*ctl-1' "$fillgate" bureau verify --database "$database"
}
check "the bureau's records verify" "$fillgate" bureau verify --database "$database"

# Somebody at the bureau undoes a deed with a database tool: everything is as it was before, and agrees with itself.
witnessed() { # NUMBER: the station keeps a head of the trail up to this record
    local number
    number=$("$fillgate" station status --config "$CITY/station/station.ini" --json | sed -nE 's/.*"trail_number":([0-9]+).*/\1/p')
    [ "${number:-0}" -ge "$1" ]
}
put_back() {
    sqlite3 "$CITY/bureau/bureau.db" ".backup $CITY/older.db" || return 1
    "$fillgate" user role auditor administrator --why "for a night" --database "$database" || return 1
    until_true 60 witnessed "$(sqlite3 "file:$CITY/bureau/bureau.db?mode=ro" "SELECT number FROM trail_tip")" || return 1
    daemon_stop "$CITY/bureau" "$BUILD/fillgate-bureau" || return 1
    rm -f "$CITY"/bureau/bureau.db*
    cp "$CITY/older.db" "$CITY/bureau/bureau.db"
    "$fillgate" bureau verify --database "$database"
}
trail() { # what an auditor asks with the station's file at hand
    "$fillgate" audit trail --verify --database "$database" --receipt-key "$CITY/bureau/receipt.pem.pub" --witness "$1"
}
check "a bureau's database that is put back to an older copy agrees with itself" put_back
cp "$CITY/station/station.db.witness" "$CITY/witness"
expect "TAMPER-SHOWS: an auditor finds it with the heads of the trail that the station keeps" 1 'whose head the station keeps, is missing' \
    trail "$CITY/witness"
printf '\377' | dd of="$CITY/witness" bs=1 seek=$(($(stat -c %s "$CITY/witness") - 1)) conv=notrunc 2>/dev/null
expect "TAMPER-SHOWS: a station's file that was edited is named, and accuses nobody" 1 'witness was edited' trail "$CITY/witness"
accused() {
    daemon_start "$CITY/bureau" "$BUILD/fillgate-bureau" bureau.ini
    log_has "$CITY/station/fillgate-station.log" "the bureau says of the report: TRAIL CUT OR REWRITTEN" || return 1
    "$fillgate" bureau alarms --database "$database" | grep TRAIL_CUT
}
check "TAMPER-SHOWS: the station's next report raises an alarm" accused
expect "TAMPER-SHOWS: and verifying the bureau's store names the record" 1 'whose signed head station HZ-01 keeps, is' \
    "$fillgate" bureau verify --database "$database"

check "TAMPER-SHOWS: a record that was edited at the bureau is named" altered
lists_put_back() { # what was published in the last ten minutes is not missed
    sqlite3 "$CITY/bureau/bureau.db" "UPDATE list_version SET published_ms = published_ms - 700000" &&
        rm "$(find "$CITY/bureau/lists/HZ-01" -name '*.fgl' | sort -V | tail -n 1)" || return 1
    daemon_start "$CITY/bureau" "$BUILD/fillgate-bureau" bureau.ini
    log_has "$CITY/bureau/fillgate-bureau.log" "TAMPERED STORE: bureau: list HZ-01: version [0-9]+ was published, but is not in its folder"
}
check "TAMPER-SHOWS: a folder of lists that was put back to an older copy is named by the bureau's verification" lists_put_back
count
