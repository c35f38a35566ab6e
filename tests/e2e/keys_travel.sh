#!/bin/bash
# The bureau changes its list and tag keys by key rings in a folder of its own, and nobody else's settings are touched or programs
# restarted: the rings travel to station, link and fillgated, one behind the other, also to a link that missed one; what does not
# verify changes nothing and is named; after restarts the new keys are still in force. Then the authority itself changes, in the same
# way. BUILD (build/asan).
set -u
cd "$(dirname "$0")/../.." || exit 1
export BUILD=${BUILD:-build/asan}
fillgate=$BUILD/fillgate
CITY=$(mktemp -d /tmp/fillgate-e2e-keys-XXXXXX)
export CITY DIR=$CITY LIST_S=1 LC_ALL=C.UTF-8 TZ=Asia/Shanghai
database=sqlite:$CITY/bureau/bureau.db
rings=$CITY/bureau/rings
rogue=
finish() {
    [ -z "$rogue" ] || kill "$rogue" 2>/dev/null
    tools/city.sh stop
    if [ "$failed" -ne 0 ]; then tail -n 25 "$CITY"/*/fillgate*.log; fi
    rm -rf "$CITY"
}
trap finish EXIT
export OUT=$CITY/out
. tests/lib/e2e.sh
patiently() { # COMMAND...: within a minute
    for _ in $(seq 240); do
        "$@" && return 0
        sleep 0.25
    done
    return 1
}
log_has() { patiently grep -qE -- "$2" "$CITY/$1"; } # FILE PATTERN
status() { "$fillgate" point status --json --socket "$CITY/point-$1/control.sock"; }
list_is() { status "$1" | tr -d ' \n' | grep -qE "\"list\":\{\"state\":\"IN_FORCE\",.*\"version\":$2[,}]"; } # POINT VERSION
ring_at() { log_has "point-$1/fillgated.log" "key ring $2 is in force"; }
ring_make() { # FILE VERSION "LIST-AND-TAG KEYS" SIGNER...
    local file=$CITY/$1 version=$2 keys=() key
    for key in $3; do keys+=(--list-key "$CITY/bureau/$key.pub" --tag-key "$CITY/bureau/$key.pub"); done
    shift 3
    "$fillgate" key ring-new "$file" --version "$version" "${keys[@]}" || return 1
    for key in "$@"; do "$fillgate" key ring-sign "$file" --key "$CITY/bureau/$key" || return 1; done
}
publish() { # KEY
    "$fillgate" bureau publish HZ-01 --force --insist --lists "$CITY/bureau/lists" --key "$CITY/bureau/$1" --database "$database"
}
sim() { "$BUILD/fillgate-sim" --dir "$CITY/point-$1" send "$2"; }
decision() { # POINT CYLINDER PATTERN: the tag is presented, and the state shown has the pattern
    local result=1
    sim "$1" "connect $2" >/dev/null && sim "$1" "present $2" >/dev/null || return 1
    for _ in $(seq 80); do
        status "$1" | tee "$CITY/decision" | tr -d ' \n' | grep -qE -- "$3" && result=0 && break
        sleep 0.25
    done
    [ $result -eq 0 ] || cat "$CITY/decision"
    sim "$1" remove >/dev/null
    sim "$1" disconnect >/dev/null
    patiently eval "status $1 | tr -d ' \n' | grep -q '\"phase\":\"IDLE\"'" || return 1
    return $result
}
keys_url() { curl --cacert "$CITY/bureau/ca/ca.pem" --max-time 20 -sS -o "$CITY/answer.ring" -w '%{http_code}' "$1/v1/keys$2"; }
keys_are() { [ "$(keys_url "$1" "$2")" = "$3" ]; } # URL QUERY STATUS
ring_is() { keys_are "$1" "$2" 200 && cmp "$CITY/answer.ring" "$CITY/$3"; } # URL QUERY FILE

prepare() {
    tools/city.sh prepare || return 1
    daemon_stop "$CITY/bureau" "$BUILD/fillgate-bureau" || return 1
    mkdir "$rings"
    "$fillgate" key new "$CITY/bureau/new.pem" && "$fillgate" key new "$CITY/bureau/stranger.pem" || return 1
    sed -i 's/^; keyring = .*/keyring = rings/; s/^; list_key_next = .*/list_key_next = new.pem.pub/' "$CITY/bureau/bureau.ini"
    daemon_start "$CITY/bureau" "$BUILD/fillgate-bureau" bureau.ini
    tools/city.sh start 1 && tools/city.sh sign-in || return 1
    ring_make ring-1 1 "list.pem new.pem" list.pem new.pem && ring_make ring-2 2 "new.pem" new.pem &&
        ring_make ring-3 3 "new.pem list.pem" new.pem list.pem && ring_make ring-false 3 "new.pem stranger.pem" stranger.pem
}
check "a city with two points runs, and its bureau gets ready to change its keys" prepare
bureau=https://127.0.0.1:$(sed -n '0,/^port = /s/^port = //p' "$CITY/bureau/bureau.ini")
station=https://127.0.0.2:$(sed -n 's/^port = //p' "$CITY/station/station.ini")
pids=$(cat "$CITY"/station/*.pid "$CITY"/point-1/fillgate*.pid)

check "without any ring bureau and station answer 404" eval 'keys_are "$bureau" "" 404 && keys_are "$station" "?after=0" 404'
check "a question that is none is 400" eval 'keys_are "$bureau" "?after=x" 400 && keys_are "$station" "?after=-1" 400'
check "the link of point 2 is away from here on" daemon_stop "$CITY/point-2" "$BUILD/fillgate-link"
first_ring() {
    cp "$CITY/ring-1" "$rings/ring-1"
    ring_at 1 1 && ring_is "$station" "?after=0" ring-1
}
check "the ring that brings the new key travels to station, link and fillgated" first_ring
new_list() { publish new.pem && patiently list_is 1 2; }
check "LIST-IS-SIGNED: the next list, signed by the new key alone, comes into force at the point" new_list
new_tag() {
    sim 1 "tag second sign code=HZ-CNG-900021 key=$CITY/bureau/new.pem" && decision 1 second '"phase":"PRE_CHECK"'
}
check "a tag that the new key signed is accepted" new_tag
check "a tag that the old key signed still is, as the ring has both" decision 1 good '"phase":"PRE_CHECK"'
second_ring() {
    cp "$CITY/ring-2" "$rings/another name"
    ring_at 1 2 && ring_is "$station" "?after=1" ring-2 && ring_is "$station" "" ring-2 && ring_is "$bureau" "?after=0" ring-1
}
check "the ring without the old key follows" second_ring
check "LIST-IS-SIGNED: the list of the new key stays in force" list_is 1 2
check "a tag that only the retired key signed is refused" decision 1 good 'SIGNATURE'
retired_list() {
    publish list.pem && log_has station/fillgate-station.log 'list HZ-01 is not updated, the old one stays' && sleep 3 && list_is 1 2
}
check "LIST-IS-SIGNED: a list that the retired key signed does not get past the station" retired_list
check "the bureau's next list of the new key does" eval 'publish new.pem && patiently list_is 1 4'
alive() {
    local pid
    for pid in $pids; do kill -0 "$pid" || return 1; done
}
check "in all of this neither station nor link nor fillgated was restarted" alive

behind() {
    daemon_start "$CITY/point-2" "$BUILD/fillgate-link" link.ini
    ring_at 2 2 && patiently list_is 2 4 && grep -q "key ring 1 is in force" "$CITY/point-2/fillgated.log"
}
check "a link that missed a ring gets both, hands both over, and then the list" behind

no_ring_3() { ! grep -q "key ring 3 is in force" "$CITY"/*/fillgate*.log; }
false_ring() {
    cp "$CITY/ring-false" "$rings/ring-3"
    log_has station/fillgate-station.log 'key ring not taken, version 2 stays in force: .*list key that is in force has signed it' || return 1
    daemon_stop "$CITY/point-2" "$BUILD/fillgate-link" || return 1
    sed -i "s|^url = .*|url = $bureau|" "$CITY/point-2/link.ini" # the bad hop is now the link's own
    daemon_start "$CITY/point-2" "$BUILD/fillgate-link" link.ini
    log_has point-2/fillgate-link.log 'key ring not taken, version 2 stays in force: .*list key that is in force has signed it' && no_ring_3
}
check "TAMPER-SHOWS: a false ring of a bad next hop changes nothing at station and link, and both name it" false_ring
check "and lists go on coming" eval 'publish new.pem && patiently list_is 1 5 && patiently list_is 2 5'
check "BAD-INPUT-IS-SAFE: a file that is no ring, and a huge one, are passed over by the bureau" \
    eval 'echo nonsense >"$rings/readme" && head -c 100000 /dev/zero >"$rings/zero" && keys_are "$bureau" "?after=3" 404 && ring_is "$bureau" "?after=1" ring-2'
check "the true ring of that number is taken afterwards" eval 'cp "$CITY/ring-3" "$rings/ring-3" && ring_at 1 3 && ring_at 2 3 && ring_is "$station" "" ring-3'

restart() {
    tools/city.sh stop
    daemon_start "$CITY/bureau" "$BUILD/fillgate-bureau" bureau.ini
    daemon_start "$CITY/station" "$BUILD/fillgate-station" station.ini
    rm -f "$CITY"/point-*/fillgated.log
    tools/city.sh start 5 && tools/city.sh sign-in
}
check "everything is stopped and started again" restart
after_restart() {
    ring_is "$station" "" ring-3 && publish new.pem && patiently list_is 1 6 && patiently list_is 2 6 &&
        sim 1 "tag second sign code=HZ-CNG-900021 key=$CITY/bureau/new.pem" && decision 1 second '"phase":"PRE_CHECK"'
}
check "the new keys are still in force at station, link and fillgated" after_restart
alone() { # without bureau and station's files the link still knows its ring
    grep -q "key ring 3 handed over" "$CITY/point-1/fillgate-link.log" && grep -q "key ring 3 is in force" "$CITY/point-1/fillgated.log"
}
check "the link hands its ring to a fillgated that was away" alone
damaged() {
    daemon_stop "$CITY/station" "$BUILD/fillgate-station" || return 1
    printf '\377' | dd of="$CITY/station/keyring.bin" bs=1 seek=40 conv=notrunc status=none
    daemon_start "$CITY/station" "$BUILD/fillgate-station" station.ini
    log_has station/fillgate-station.log 'kept key rings do not hold: .*put aside as .*keyring.bin.damaged' &&
        patiently ring_is "$station" "" ring-3 && ring_is "$station" "?after=0" ring-1
}
check "TAMPER-SHOWS: an edited ring file at the station is named, put aside, and fetched anew" damaged

# ---- another authority ----
announce() { # FILE VERSION "AUTHORITIES" SIGNER...: those are directories in $CITY
    local file=$CITY/$1 version=$2 with=() one
    for one in $3; do with+=(--authority "$CITY/$one/ca.pem"); done
    shift 3
    "$fillgate" ca change-new "$file" --version "$version" "${with[@]}" || return 1
    for one in "$@"; do "$fillgate" ca change-sign "$file" --ca "$CITY/$one" || return 1; done
}
issued_by() { openssl verify -CAfile "$CITY/bureau/$1/ca.pem" "$CITY/$2/tls.pem"; } # AUTHORITY FOLDER
trusts() { [ "$(grep -c BEGIN "$CITY/$1/ca.pem")" = "$2" ]; } # FOLDER NUMBER
at_bureau() { # CONTROLLER OPERATOR
    [ "$(sqlite3 "file:$CITY/bureau/bureau.db?mode=ro" "SELECT COUNT(*) FROM journal_entry WHERE controller = '$1' AND operator_id = '$2'")" -gt 0 ]
}
sign_in() { "$fillgate" point sign-in "$2" --certificate-end 2030-01-01 --socket "$CITY/point-$1/control.sock"; } # POINT OPERATOR
link_to() { # URL: where the link of point 2 calls from now on
    sed -i "s|^url = .*|url = $1|" "$CITY/point-2/link.ini"
    daemon_start "$CITY/point-2" "$BUILD/fillgate-link" link.ini
}
rogue_authority() { # a station with a genuine certificate and an authority of its own, called as the true one is
    daemon_stop "$CITY/point-2" "$BUILD/fillgate-link" || return 1
    "$fillgate" ca init "$CITY/rogue/ca" --name "Huzhou bureau" && "$fillgate" key new "$CITY/rogue/rogue.pem" || return 1
    announce rogue.change 1 "rogue/ca bureau/ca" rogue/ca || return 1
    echo "/v1/authorities file $CITY/rogue.change" >"$CITY/rogue/play"
    "$BUILD/fillgate-rogue" --listen 127.0.0.2 --certificate "$CITY/station/tls.pem" --key "$CITY/station/tls.key" --ca "$CITY/bureau/ca/ca.pem" \
        --url "$bureau" --dir "$CITY/rogue" 2>"$CITY/rogue/log" &
    rogue=$!
    patiently grep -sq 'listens on' "$CITY/rogue/log" || return 1
    link_to "https://127.0.0.2:$(sed -n 's/.*listens on .* port \([0-9]*\).*/\1/p' "$CITY/rogue/log")"
    log_has point-2/fillgate-link.log 'change of authorities not taken: authorities: none that is in force has signed' || return 1
    cmp "$CITY/point-2/ca.pem" "$CITY/bureau/ca/ca.pem"
}
mkdir "$CITY/rogue"
check "LIST-IS-SIGNED: a rogue station that announces an authority of its own gets nowhere, and the link names it" rogue_authority
away() {
    kill "$rogue" && daemon_stop "$CITY/point-2" "$BUILD/fillgate-link" && sign_in 2 op-away
}
check "a link is away while the authority changes; its point logs all the same" away
old_and_new() { # the bureau's clerk: everything at once, the new authority issues
    cp "$CITY/point-1/tls.pem" "$CITY/old-1.pem"
    daemon_stop "$CITY/bureau" "$BUILD/fillgate-bureau" || return 1
    "$fillgate" ca init "$CITY/bureau/ca2" --name "Huzhou bureau" && announce change-1 1 "bureau/ca2 bureau/ca" bureau/ca bureau/ca2 || return 1
    cp "$CITY/bureau/ca/ca.pem" "$CITY/bureau/authorities.pem"
    "$fillgate" ca change-take "$CITY/change-1" "$CITY/bureau/authorities.pem" || return 1
    "$fillgate" bureau enrol "$CITY/bureau/tls" --ca "$CITY/bureau/ca2" --name 127.0.0.1 --name localhost || return 1
    sed -i 's|^ca = .*|ca = authorities.pem|; s|^ca_directory = .*|ca_directory = ca2|' "$CITY/bureau/bureau.ini"
    daemon_start "$CITY/bureau" "$BUILD/fillgate-bureau" bureau.ini
    log_has station/fillgate-station.log 'authorities, version 1, are in force' &&
        log_has point-1/fillgate-link.log 'authorities, version 1, are in force' && trusts station 2 && trusts point-1 2
}
check "old and new authority side by side come to station and link, signed by both, from a bureau that has the new one's certificate" old_and_new
renewed() { patiently issued_by ca2 station && patiently issued_by ca2 point-1; }
check "station and link renew at once under the new one" renewed
check "NO-LOSS: entries go on arriving, over certificates of the new one" eval 'sign_in 1 op-both && patiently at_bureau ctl-1 op-both'
new_alone() {
    daemon_stop "$CITY/bureau" "$BUILD/fillgate-bureau" || return 1
    announce change-2 2 "bureau/ca2" bureau/ca2 && "$fillgate" ca change-take "$CITY/change-2" "$CITY/bureau/authorities.pem" || return 1
    daemon_start "$CITY/bureau" "$BUILD/fillgate-bureau" bureau.ini
    log_has station/fillgate-station.log 'authorities, version 2, are in force' &&
        log_has point-1/fillgate-link.log 'authorities, version 2, are in force' && trusts station 1 && trusts point-1 1
}
check "the old one is removed by a change that the new one signed" new_alone
check "NO-LOSS: entries go on arriving without the old one" eval 'sign_in 1 op-alone && patiently at_bureau ctl-1 op-alone'
old_refused() { # a certificate of the old authority for a key that is known
    [ "$(curl --cacert "$CITY/bureau/ca2/ca.pem" --cert "$CITY/old-1.pem" --key "$CITY/point-1/tls.key" --max-time 20 -sS -o /dev/null \
        -w '%{http_code}' "$1/v1/list/HZ-01/manifest")" = 403 ]
}
check "a certificate of the old one is refused by bureau and station" eval 'patiently old_refused "$bureau" && patiently old_refused "$station"'
no_return() { # the change that still had the old one, played again
    ! "$fillgate" ca change-take "$CITY/change-1" "$CITY/point-1/ca.pem" >"$OUT.again" 2>&1 && grep -q 'is not newer than version 2' "$OUT.again" && trusts point-1 1
}
check "TUF rule: the change before, played again, does not bring the old one back" no_return
told_way_back() {
    link_to "$station"
    log_has point-2/fillgate-link.log 'authorities, version 2, are in force' && trusts point-2 1 &&
        log_has point-2/fillgate-link.log 'its authority is no longer in force: get a new one-time code from the bureau' && ! at_bureau ctl-2 op-away
}
check "the link that was away through it takes both changes, and is told that its own certificate counts no longer, and what to do" told_way_back
way_back() {
    local code key
    key=$(sha256sum "$CITY/point-2/device.key" "$CITY/point-2/tls.key")
    code=$("$fillgate" bureau code ctl-2 --role controller --station HZ-01 --database "$database" --json | sed -E 's/.*"code":"([^"]+)".*/\1/') || return 1
    echo "$code" | "$fillgate" controller enrol "$CITY/point-2" --url "$station" --ca "$CITY/bureau/authorities.pem" || return 1
    issued_by ca2 point-2 && [ "$key" = "$(sha256sum "$CITY/point-2/device.key" "$CITY/point-2/tls.key")" ] && patiently at_bureau ctl-2 op-away
}
check "NO-LOSS: with a new one-time code it joins again in the same directory, with its keys, and all that it logged arrives" way_back
count
