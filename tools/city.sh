#!/bin/bash
# A small city in a directory: a bureau, a station, two simulated filling points; the real programs, enrolled for real.
# Usage: BUILD=build/release DIR=/tmp/city tools/city.sh prepare|start|sign-in|list-wait VERSION|stop
#   prepare makes authority, keys, registry and rules, starts the bureau, publishes, and enrols station and controllers
#   start starts station and points (prepare has started the bureau); stop ends everything by the pids kept in DIR
set -euo pipefail

BUILD=$(realpath "${BUILD:?the directory of the programs}")
DIR=${DIR:?the directory of the city}
mkdir -p "$DIR"
DIR=$(realpath "$DIR")
cd "$(dirname "$0")/.."
fillgate=$BUILD/fillgate
station=HZ-01
points="1 2"
database=sqlite:$DIR/bureau/bureau.db

wait_for() { # WHAT COMMAND...: at most 120 s, for a busy machine
    local what=$1
    shift
    for _ in $(seq 1200); do
        "$@" >/dev/null 2>&1 && return 0
        sleep 0.1
    done
    echo "city: $what did not come; see $DIR/*/*.log" >&2
    return 1
}

# Values of an example's keys: ini FILE KEY=VALUE... < example
ini() {
    local text change key value
    text=$(cat)
    for change in "${@:2}"; do
        key=${change%%=*}
        value=${change#*=}
        grep -qE "^(; )?$key = " <<<"$text" || { echo "city: the example has no key $key" >&2; return 1; }
        text=$(sed -E "0,/^(; )?$key = .*/s||$key = $value|" <<<"$text")
    done
    echo "$text" >"$1"
}

start_daemon() { # FOLDER PROGRAM INI
    (cd "$DIR/$1" && exec "$BUILD/$2" --config "$3") </dev/null >>"$DIR/$1/$2.log" 2>&1 &
    echo $! >"$DIR/$1/$2.pid"
}

stop_daemon() { # FOLDER PROGRAM
    local file=$DIR/$1/$2.pid pid
    [ -s "$file" ] || return 0
    pid=$(cat "$file")
    kill -TERM "$pid" 2>/dev/null || true
    for _ in $(seq 100); do
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    rm -f "$file"
}

# The port that a server took, from its log; it keeps it over restarts.
port_of() { sed -nE 's/.* port ([0-9]+).*/\1/p' "$DIR/$1/$2.log" | head -n 1; }

rules() {
    sed -E 's/^fill_interval_min_s = .*/fill_interval_min_s = 0/; s/^fills_per_day_max = .*/fills_per_day_max = 0/' boards/sim/rules.ini
}

# The station has an address of its own: names that the bureau has are nobody else's.
station_address=127.0.0.2

# One-time code for a device: role, id, options
code_for() {
    "$fillgate" bureau code "$2" --role "$1" --station $station "${@:3}" --database "$database" --json |
        sed -E 's/.*"code":"([^"]+)".*/\1/'
}

operator() { # ID NAME CERTIFICATE-END PIN OPTIONS...: somebody who may fill at the station; the PINs here are toys
    "$fillgate" registry set operator "$1" --field name="$2" --field certificate_end="$3" --field station=$station "${@:5}" \
        --database "$database" --why "hired"
    "$fillgate" registry pin "$1" --database "$database" --why "first PIN" <<<"$4"
}

# Who may use the pages: an administrator with a one-time password, and an auditor of the demo, whose password is a toy.
users_prepare() {
    "$fillgate" user add admin --name "Administrator" --role administrator --why "the first user" --json \
        --database "$database" | sed -E 's/.*"password":"([^"]+)".*/\1/' >"$DIR/bureau/first-sign-in"
    chmod 600 "$DIR/bureau/first-sign-in"
    "$fillgate" user add auditor --name "Demo auditor" --role auditor --why "the demo" --ask --database "$database" \
        <<<"look-at-everything" >/dev/null
}

bureau_prepare() {
    mkdir -p "$DIR/bureau"
    chmod 700 "$DIR" "$DIR/bureau"
    "$fillgate" ca init "$DIR/bureau/ca" --name "Huzhou bureau"
    "$fillgate" bureau enrol "$DIR/bureau/tls" --ca "$DIR/bureau/ca" --name 127.0.0.1 --name localhost
    "$fillgate" key new "$DIR/bureau/receipt.pem" >/dev/null
    "$fillgate" key new "$DIR/bureau/list.pem" >/dev/null
    BUILD=$BUILD DIR=$DIR/bureau tools/point.sh registry >"$DIR/bureau/registry.csv"
    rules >"$DIR/bureau/rules.ini"
    "$fillgate" registry import cylinder "$DIR/bureau/registry.csv" --database "$database" --why "the city's registry"
    "$fillgate" registry set station $station --field name="Huzhou 1" --field owner=HZGAS --field rules=@"$DIR/bureau/rules.ini" \
        --field latitude_udeg=30870000 --field longitude_udeg=120090000 --database "$database" --why "licensed"
    operator op-wang "Wang" 2030-01-01 246810 --field card_uid=04900000000A01
    operator op-li "Li" "$(date -d '+10 days' +%F)" 135790
    ini "$DIR/bureau/bureau.ini" port=0 certificate=tls/tls.pem key=tls/tls.key ca=ca/ca.pem ca_directory=ca \
        signing_key=list.pem sweep_every_s=5 <boards/sim/bureau.ini
    # Its pages listen in a section of their own, behind the server's: at WEB_PORT, or any that is free.
    sed -i "s/^; address = 127.0.0.1/address = 127.0.0.1/; s/^; port = 8444/port = ${WEB_PORT:-0}/; s/^public_lookup = .*/public_lookup = yes/" \
        "$DIR/bureau/bureau.ini"
    users_prepare
    "$fillgate" bureau publish $station --insist --lists "$DIR/bureau/lists" --key "$DIR/bureau/list.pem" --database "$database"
    start_daemon bureau fillgate-bureau bureau.ini
    wait_for "the bureau" grep -q "listens on" "$DIR/bureau/fillgate-bureau.log"
    # The first port is the devices', the second the pages'.
    sed -i "0,/^port = 0/s//port = $(port_of bureau fillgate-bureau)/" "$DIR/bureau/bureau.ini"
    wait_for "the bureau's pages" grep -q "pages: http" "$DIR/bureau/fillgate-bureau.log"
    sed -nE 's/.*pages: (http[^ ]*).*/\1/p' "$DIR/bureau/fillgate-bureau.log" | tail -n 1 >"$DIR/bureau/pages.url"
    sed -i "s/^port = 0/port = $(sed -E 's|.*:([0-9]+)/$|\1|' "$DIR/bureau/pages.url")/" "$DIR/bureau/bureau.ini"
}

station_prepare() {
    local url
    url=https://127.0.0.1:$(port_of bureau fillgate-bureau)
    mkdir -p "$DIR/station"
    code_for station $station --name $station_address |
        "$fillgate" station enrol "$DIR/station" --url "$url" --ca "$DIR/bureau/ca/ca.pem"
    ini "$DIR/station/station.ini" id=$station address=$station_address port=0 url="$url" continuous=yes update_s=${LIST_S:-2} report_s=5 retry_min_s=1 \
        <boards/sim/station.ini
    # The list's id stands in a section of its own, behind the station's.
    sed -i "s/^id = station-1/id = $station/" "$DIR/station/station.ini"
    start_daemon station fillgate-station station.ini
    wait_for "the station" grep -q "started" "$DIR/station/fillgate-station.log"
    sed -i "s/^port = 0/port = $(port_of station fillgate-station)/" "$DIR/station/station.ini"
}

# Where a point's panel listens: PANEL_PORT and the ports behind it, or any that is free.
panel_of() { # NUMBER
    if [ -n "${PANEL_PORT:-}" ]; then echo "127.0.0.1:$((PANEL_PORT + $1 - 1))"; else echo "127.0.0.1:0"; fi
}

# Its address into panel.url, and its port into link.ini: it keeps it over restarts.
panel_keep() { # NUMBER
    local folder=$DIR/point-$1
    wait_for "the panel of point $1" grep -q "the panel is at" "$folder/fillgate-link.log"
    sed -nE 's/.*the panel is at ([^ ]*).*/\1/p' "$folder/fillgate-link.log" | tail -n 1 >"$folder/panel.url"
    sed -i -E "s|^(listen = .*):0$|\1:$(sed -E 's|.*:([0-9]+)/$|\1|' "$folder/panel.url")|" "$folder/link.ini"
}

point_prepare() { # NUMBER: joins through the station
    local folder=$DIR/point-$1 url
    url=https://$station_address:$(port_of station fillgate-station)
    mkdir -p "$folder"
    "$fillgate" registry set point "point-$1" --field station=$station --field controller="ctl-$1" --field medium=cng --database "$database" \
        --why "built"
    code_for controller "ctl-$1" | "$fillgate" controller enrol "$folder" --url "$url" --ca "$DIR/bureau/ca/ca.pem"
    ini "$folder/point.ini" id="point-$1" controller="ctl-$1" device_key=device.key list_keys=list-1.pub receipt_key=receipt.pub \
        <boards/sim/fillgated.ini
    sed -i "s/^id = huzhou-1/id = $station/; s/^station = .*/station = $station/" "$folder/point.ini"
    [ "${SPEED:-40}" -eq 1 ] || DIR=$folder BUILD=$BUILD tools/point.sh hasty "$folder/point.ini"
    [ -z "${PATIENT:-}" ] || DIR=$folder BUILD=$BUILD tools/point.sh patient "$folder/point.ini"
    ini "$folder/link.ini" url="$url" id=$station station=$station key_1=list-1.pub poll_ms=200 report_ms=3000 \
        list_ms=$((${LIST_S:-2} * 1000)) ask_again_ms=2000 retry_max_ms=5000 listen="$(panel_of "$1")" <boards/sim/link.ini
    ln -sfn "$PWD/boards" "$folder/boards"
    # The simulated tags are signed as the bureau's clerks would sign real ones.
    ln -sfn ../bureau/list.pem "$folder/bureau.pem"
    [ -e "$folder/stranger.pem" ] || "$fillgate" key new "$folder/stranger.pem" >/dev/null
}

point_start() { # NUMBER
    BUILD=$BUILD DIR=$DIR/point-$1 tools/point.sh sim
    BUILD=$BUILD DIR=$DIR/point-$1 tools/point.sh start
    start_daemon "point-$1" fillgate-link link.ini
    panel_keep "$1"
}

list_at() { # NUMBER VERSION
    "$fillgate" point status --json --socket "$DIR/point-$1/control.sock" | grep -q "\"id\":\"$station\",\"version\":$2[,}]"
}

case ${1:-} in
prepare)
    bureau_prepare
    station_prepare
    for n in $points; do point_prepare "$n"; done
    ;;
start)
    for n in $points; do point_start "$n"; done
    for n in $points; do wait_for "the list at point $n" list_at "$n" "${2:-1}"; done
    ;;
list-wait) for n in $points; do wait_for "list version $2 at point $n" list_at "$n" "$2"; done ;;
sign-in)
    for n in $points; do
        "$fillgate" point sign-in "op-$n" --certificate-end 2030-01-01 --socket "$DIR/point-$n/control.sock"
    done
    ;;
stop)
    for n in $points; do
        stop_daemon "point-$n" fillgate-link
        [ -e "$DIR/point-$n" ] || continue
        BUILD=$BUILD DIR=$DIR/point-$n tools/point.sh stop
        BUILD=$BUILD DIR=$DIR/point-$n tools/point.sh sim-stop
    done
    stop_daemon station fillgate-station
    stop_daemon bureau fillgate-bureau
    ;;
*)
    sed -n '2,6s/^# //p' "$0" >&2
    exit 2
    ;;
esac
