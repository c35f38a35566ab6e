#!/bin/bash
# One simulated filling point in a directory: makes its keys, lists, tags and cylinders, starts and stops the real programs on it.
# Usage: BUILD=build/release DIR=/tmp/point tools/point.sh prepare|patient INI...|hasty INI...|registry|sim|start|start-lpg|start-small|renew|stop|kill|sim-stop|list-expiring SECONDS|fill-journal|tamper-list|panel|panel-stop|panel-kill
#   prepare with PATIENT=yes, and patient, set limits that a busy machine keeps, too; prepare with a SPEED (40) above 1, and hasty, set
#   limits for gas that runs faster than real time
#   panel starts a link that only serves the panel; its address is in DIR/panel.url. PANEL=ADDRESS:PORT (127.0.0.1:0: any free port,
#   which it keeps over restarts); further lines of its [panel] section come from DIR/panel.ini if there is one
# Only processes that this script started are stopped, by the pids it kept in DIR.
set -euo pipefail

BUILD=${BUILD:?the directory of the programs}
DIR=${DIR:?the directory of the point}
speed=${SPEED:-40}
fillgate=$BUILD/fillgate
today=$(date +%F)

sim() { "$BUILD/fillgate-sim" --dir "$DIR" send "$*" >/dev/null; }

# The cylinders of the demo, beside those of the city: name, and the columns of the registry.
demo_rows() {
    local good=2040-01-01 past=2020-01-01
    cng() { # NUMBER STATE FIRST NOMINAL DUE END OWNER PLATE
        printf 'HZ-CNG-9000%02d,049000000000%02d,%s,cng,%s,%s,700,58000,0,%s,%s,%s,%s\n' "$1" "$1" "${@:2}"
    }
    for n in 1 21 22 23 24 25 26 27 28 29 30 31 32 33; do cng $n in_service 0 20000 $good $good HZGAS "浙ED90$n"; done
    cng 2 in_service 0 20000 $past $good HZGAS 浙ED9102
    cng 3 in_service 0 20000 $good $past HZGAS 浙ED9103
    cng 4 scrapped 0 20000 $good $good HZGAS 浙ED9104
    cng 5 lost 0 20000 $good $good HZGAS 浙ED9105
    cng 6 suspended 0 20000 $good $good HZGAS 浙ED9106
    cng 7 in_service 1 20000 $good $good HZGAS 浙ED9107
    cng 8 in_service 0 16000 $good $good HZGAS 浙ED9108
    cng 9 in_service 0 20000 $good $good HZGAS 浙ED9109
    cng 10 in_service 0 20000 $past $good HZGAS 浙ED9109
    cng 11 in_service 0 20000 $good $good HZGAS 浙ED9111
    cng 12 in_service 0 20000 $good $good DQGAS 浙ED9112
    echo "HZ-LPG-900020,04900000000020,in_service,lpg,0,2100,355,16500,14500,$good,$good,HZGAS,"
}

registry() {
    "$BUILD/fillgate-registry" --today "$today"
    demo_rows
}

# Station rules with some keys replaced: rules KEY=VALUE... > file
rules() {
    local text change
    text=$(cat boards/sim/rules.ini)
    for change in "$@"; do
        text=$(sed -E "s/^(# )?${change%%=*} *=.*/${change%%=*} = ${change#*=}/" <<<"$text")
        grep -q "^${change%%=*} = " <<<"$text" || { echo "point: rules.ini has no key ${change%%=*}" >&2; return 1; }
    done
    echo "$text"
}

# Who may fill, with toy PINs: made once, so that all lists have the same.
operators() {
    [ -s "$DIR/operators.ini" ] || cat >"$DIR/operators.ini" <<EOF
operator = op-wang, 2030-01-01, card=04900000000A01, pin=$("$fillgate" operator pin <<<246810)
operator = op-li, $(date -d '+10 days' +%F), pin=$("$fillgate" operator pin <<<135790)
EOF
    cat "$DIR/operators.ini"
}

build_list() { # FILE KEY VERSION EXTRA-FLAGS -- RULE-CHANGES
    local file=$1 key=$2 version=$3 flags=()
    shift 3
    while [ $# -gt 0 ] && [ "$1" != -- ]; do flags+=("$1"); shift; done
    [ $# -gt 0 ] && shift
    rules zero_fills_lock_out=2 "$@" >"$DIR/rules.ini"
    operators >>"$DIR/rules.ini"
    "$fillgate" list build --csv "$DIR/registry.csv" --rules "$DIR/rules.ini" --key "$DIR/$key" --id huzhou-1 \
        --version "$version" "${flags[@]}" --out "$DIR/$file" >/dev/null
}

# A play whose subject is what is decided, not how soon, must not take a busy machine for a broken point.
patient() { # INI...
    sed -i -E 's/^(gone_ms) = .*/\1 = 2500/; s/^(misses_max) = .*/\1 = 8/; s/^(reading_age_max_ms) = .*/\1 = 2500/
        s/^(step_max_ms) = .*/\1 = 2000/; s/^(silence_max_ms) = .*/\1 = 8000/; s/^(response_max_ms) = .*/\1 = 600/
        s/^(valve_follow_max_ms) = .*/\1 = 6000/; s/^(closing_max_ms) = .*/\1 = 10000/; s/^(no_flow_max_ms) = 1500$/\1 = 2200/' "$@"
}

# Gas that runs faster than real time (speed at most 40): a fill is over before the usual patience with a dead meter is, the counter
# rises faster than the flow says, and between the readings of two instruments there may be a whole fill.
hasty() { # INI...
    sed -i -E 's/^(no_flow_max_ms) = .*/\1 = 1500/; s/^(counter_max_g_min) = .*/\1 = 800000/; s/^(pressure_lead_kpa) = .*/\1 = 25000/
        s/^(follow_percent) = .*/\1 = 10/; s/^(follow_pressure_kpa) = .*/\1 = 10000/; s/^(follow_mass_g) = .*/\1 = 20000/
        s/^(overfill_tolerance_percent) = .*/\1 = 50/' "$@"
}

prepare() {
    mkdir -p "$DIR"
    chmod 700 "$DIR"
    local key
    for key in device.pem bureau.pem stranger.pem; do "$fillgate" key new "$DIR/$key" >/dev/null; done
    registry >"$DIR/registry.csv"
    build_list list-1.fgl bureau.pem 1 -- fill_interval_min_s=3600
    build_list list-2.fgl bureau.pem 2 -- fill_interval_min_s=0 fills_per_day_max=1
    build_list list-3.fgl bureau.pem 3 -- licence_end_day=2020-01-01
    build_list list-4.fgl bureau.pem 4 -- blocked_points=point-1
    build_list list-5.fgl bureau.pem 5 -- own_cylinders_only=yes
    build_list list-6.fgl bureau.pem 6 -- manual_entry=yes manual_per_day_max=3
    build_list list-8.fgl bureau.pem 8 --issued "$(date -d '+2 days' +%F)" --
    build_list list-forged.fgl stranger.pem 99
    build_list lpg-1.fgl bureau.pem 10
    build_list small-1.fgl bureau.pem 11
    local name
    for name in point lpg small; do cp boards/sim/fillgated.ini "$DIR/$name.ini"; done
    [ "$speed" -eq 1 ] || hasty "$DIR/point.ini" "$DIR/lpg.ini" "$DIR/small.ini"
    [ -z "${PATIENT:-}" ] || patient "$DIR/point.ini" "$DIR/lpg.ini" "$DIR/small.ini"
    sed -i 's/^medium = cng/medium = lpg/; s/^fill_pressure_kpa = .*/fill_pressure_kpa = 0/
        s/^list = .*/list = lpg-list.db/' "$DIR/lpg.ini"
    sed -i 's/^bytes_max = .*/bytes_max = 327680/; s/^stop_reserve_entries = .*/stop_reserve_entries = 4/
        s/^list = .*/list = small-list.db/; s/^journal = .*/journal = small.db/' "$DIR/small.ini"
    ln -sfn "$(realpath boards)" "$DIR/boards"
}

tag() { # NAME NUMBER CODE [KEY]
    sim "tag $1 type=ntag215 uid=049000000000$2"
    sim "tag $1 sign code=$3 key=$DIR/${4:-bureau.pem}"
}

furnish() {
    local n=0 name
    for name in good second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth; do
        local number=$((n == 0 ? 1 : 20 + n))
        n=$((n + 1))
        tag $name "$(printf %02d $number)" "$(printf HZ-CNG-9000%02d $number)"
        sim "cylinder $name medium=cng capacity_dl=700 pressure_kpa=3000 temperature_dc=150"
    done
    tag overdue 02 HZ-CNG-900002
    tag old 03 HZ-CNG-900003
    tag scrapped 04 HZ-CNG-900004
    tag lost 05 HZ-CNG-900005
    tag suspended 06 HZ-CNG-900006
    tag fresh 07 HZ-CNG-900007
    tag weak 08 HZ-CNG-900008
    tag twin 09 HZ-CNG-900009
    tag replaced 99 HZ-CNG-900011
    tag foreign 12 HZ-CNG-900012
    tag unlisted 98 HZ-CNG-777777
    tag forged 33 HZ-CNG-900033 stranger.pem
    tag gasbottle 20 HZ-LPG-900020
    sim "tag blank type=ntag213 uid=04900000000097"
    sim "tag card-wang type=ntag213 uid=04900000000A01"
    sim "tag clone type=ntag215 uid=04900000000096"
    sim "tag clone copy good"
    sim "cylinder gasbottle medium=lpg capacity_dl=355 tare_g=16500 mass_g=2000"
    sim "speed $speed"
}

wait_for() { # WHAT COMMAND...: at most 90 s, for a busy machine
    local what=$1
    shift
    for _ in $(seq 900); do
        "$@" >/dev/null 2>&1 && return 0
        sleep 0.1
    done
    echo "point: $what did not come up; see $DIR/*.log" >&2
    return 1
}

start_sim() {
    "$BUILD/fillgate-sim" --dir "$DIR" --record "$DIR/record.jsonl" --witness "$DIR/journal.db" </dev/null >"$DIR/sim.log" 2>&1 &
    echo $! >"$DIR/sim.pid"
    wait_for "the simulator" "$BUILD/fillgate-sim" --dir "$DIR" send state
    furnish
}

plant_is_sound() { "$fillgate" point status --json --socket "$DIR/control.sock" | grep -q '"device_fault":false'; }

start_controller() { # INI
    rm -f "$DIR/control.sock"
    (cd "$DIR" && exec "$(realpath "$OLDPWD/$BUILD" 2>/dev/null || realpath "$BUILD")/fillgated" --config "$DIR/$1") </dev/null >>"$DIR/fillgated.log" 2>&1 &
    echo $! >"$DIR/fillgated.pid"
    wait_for "fillgated" "$fillgate" point status --socket "$DIR/control.sock"
    # A scan that comes before the instruments' first readings is refused. A plant that is out of order on purpose is not waited for.
    for _ in $(seq 30); do
        plant_is_sound && break
        sleep 0.1
    done
}

stop_pid() { # FILE SIGNAL
    [ -s "$DIR/$1" ] || return 0
    local pid
    pid=$(cat "$DIR/$1")
    kill "-$2" "$pid" 2>/dev/null || true
    for _ in $(seq 100); do
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    rm -f "$DIR/$1"
}

# The panel alone: a link without a network.
start_panel() {
    if [ ! -e "$DIR/panel-link.ini" ]; then
        sed -E '/^\[(station|list|panel)\]/,/^$/d' boards/sim/link.ini >"$DIR/panel-link.ini"
        printf '\n[panel]\nlisten = %s\n' "${PANEL:-127.0.0.1:0}" >>"$DIR/panel-link.ini"
        [ ! -e "$DIR/panel.ini" ] || cat "$DIR/panel.ini" >>"$DIR/panel-link.ini"
    fi
    : >"$DIR/fillgate-link.log"
    (cd "$DIR" && exec "$(realpath "$OLDPWD/$BUILD" 2>/dev/null || realpath "$BUILD")/fillgate-link" --config panel-link.ini) \
        </dev/null >>"$DIR/fillgate-link.log" 2>&1 &
    echo $! >"$DIR/link.pid"
    wait_for "the panel" grep -q "the panel is at" "$DIR/fillgate-link.log"
    sed -nE 's/.*the panel is at ([^ ]*).*/\1/p' "$DIR/fillgate-link.log" | tail -n 1 >"$DIR/panel.url"
    sed -i -E "s|^(listen = .*):0$|\1:$(sed -E 's|.*:([0-9]+)/$|\1|' "$DIR/panel.url")|" "$DIR/panel-link.ini"
}

# Rows that hold nothing take the room, all but some of the 128 pages that bytes_max allows: strangers cannot fill a
# journal, and fills would take long. The sign-in has it measured.
fill_journal() {
    local rows status
    rows=$(( (124 - $(sqlite3 "$DIR/small.db" 'PRAGMA page_count')) / 8 ))
    sqlite3 "$DIR/small.db" "PRAGMA busy_timeout = 5000; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $rows)
        INSERT INTO filler(bytes) SELECT zeroblob(32000) FROM n" >/dev/null
    "$fillgate" point sign-in op-wang --certificate-end 2030-01-01 --socket "$DIR/control.sock" >/dev/null
    status=$("$fillgate" point status --json --socket "$DIR/control.sock") # whole, so that no reader leaves it early
    [[ $status == *'"FULL"'* ]] || { echo "point: the journal does not get full" >&2; return 1; }
}

# A fresh start with the first list in force and an operator signed in: for playing by hand.
renew() {
    rm -f "$DIR"/list.db* "$DIR"/journal.db*
    furnish
    start_controller point.ini
    "$fillgate" point sign-in op-wang --certificate-end 2030-01-01 --socket "$DIR/control.sock" >/dev/null
    "$fillgate" list import "$DIR/list-1.fgl" --socket "$DIR/control.sock" >/dev/null
}

case ${1:-} in
prepare) prepare ;;
patient) patient "${@:2}" ;;
hasty) hasty "${@:2}" ;;
registry) registry ;;
fill-journal) fill_journal ;;
sim) start_sim ;;
start) start_controller point.ini ;;
start-lpg) start_controller lpg.ini ;;
start-small) start_controller small.ini ;;
renew) renew ;;
stop) stop_pid fillgated.pid TERM ;;
kill) stop_pid fillgated.pid KILL ;;
sim-stop) stop_pid sim.pid TERM ;;
panel) start_panel ;;
panel-stop) stop_pid link.pid TERM ;;
panel-kill) stop_pid link.pid KILL ;;
list-expiring) build_list list-7.fgl bureau.pem 7 --expires "$(date -u -d "+$2 seconds" +%FT%TZ)" -- ;;
tamper-list) sqlite3 "$DIR/list.db" "PRAGMA busy_timeout=5000; UPDATE bucket SET bytes = substr(bytes, 1, length(bytes) - 1) || x'00' WHERE length(bytes) > 4;" >/dev/null ;;
*)
    sed -n '2,8s/^# //p' "$0" >&2
    exit 2
    ;;
esac
