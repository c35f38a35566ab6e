#!/bin/bash
# Shows the main job in a small city: a bureau, a station, two filling points; a fill and its log at the bureau; a cylinder that
# is reported scrapped and refused at its next scan. Then stays up to be played with, until Ctrl-C.
# Usage: run.sh BUILD-DIRECTORY [--check]   --check does not stay, and exits 0 only if everything happened as told.
set -uo pipefail
cd "$(dirname "$0")/.."
export BUILD=$1
# The main job is shown, not how soon a point finds something broken: a busy machine must not be taken for a broken plant.
export PATIENT=${PATIENT-yes}
export DIR=${CITY:-$(mktemp -d /tmp/fillgate-city-XXXXXX)}
database=sqlite:$DIR/bureau/bureau.db
fillgate=$BUILD/fillgate
chinese=no
case ${LC_ALL:-${LC_MESSAGES:-${LANG:-}}} in zh*) chinese=yes ;; esac
finish() {
    tools/city.sh stop
    [ -n "${CITY:-}" ] || rm -rf "$DIR"
}
trap finish EXIT
trap 'exit 130' INT TERM

say() { # ENGLISH CHINESE
    echo
    if [ $chinese = yes ]; then echo "== $2"; else echo "== $1"; fi
}
fail() {
    echo "run: $*; logs are in $DIR" >&2
    trap - EXIT
    tools/city.sh stop
    exit 1
}
socket() { echo "$DIR/point-$1/control.sock"; }
sim() { "$BUILD/fillgate-sim" --dir "$DIR/point-$1" send "$2" >/dev/null || fail "simulator: $2"; }
wait_phase() { # POINT PHASE
    for _ in $(seq 900); do
        "$fillgate" point status --json --socket "$(socket "$1")" | grep -q "\"phase\":\"$2\"" && return 0
        sleep 0.1
    done
    fail "point $1 did not come to $2"
}
fill() { # POINT CYLINDER
    sim "$1" "connect $2"
    sim "$1" "present $2"
    wait_phase "$1" PRE_CHECK
    "$fillgate" point check --socket "$(socket "$1")" >/dev/null || fail "pre-check"
    "$fillgate" point start --socket "$(socket "$1")" >/dev/null || fail "start"
    wait_phase "$1" POST_CHECK
    "$fillgate" point check --socket "$(socket "$1")" >/dev/null || fail "post-check"
    wait_phase "$1" IDLE
    sim "$1" remove
    sim "$1" disconnect
}
all_sent() { # every entry has the bureau's receipt
    for _ in $(seq 900); do
        "$fillgate" point status --json --socket "$(socket "$1")" | grep -q '"unsent":0[,}]' && return 0
        sleep 0.1
    done
    fail "point $1 still has unsent entries"
}

say "The bureau: authority, keys, registry of 1,532 taxis, first list; station and two controllers join with one-time codes" \
    "市场监管部门：证书、密钥、1,532 辆出租车的登记、首版名单；充装站和两台控制器用一次性码入网"
# The panels' usual ports, if nobody has them.
if [ -z "${PANEL_PORT:-}" ] && ! (exec 3<>/dev/tcp/127.0.0.1/8480) 2>/dev/null && ! (exec 3<>/dev/tcp/127.0.0.1/8481) 2>/dev/null &&
    [ "${2:-}" != --check ]; then
    export PANEL_PORT=8480
fi
# The usual port of the bureau's pages, too.
if [ -z "${WEB_PORT:-}" ] && ! (exec 3<>/dev/tcp/127.0.0.1/8444) 2>/dev/null && [ "${2:-}" != --check ]; then
    export WEB_PORT=8444
fi
tools/city.sh prepare || fail "the city cannot be prepared"
say "The filling points start; their lists come down" "充装点启动，名单下发"
tools/city.sh start 1 || fail "the points do not start"
tools/city.sh sign-in || fail "nobody can sign in"
say "Two fills" "两次充装"
fill 1 good
fill 2 second
all_sent 1
all_sent 2
say "What the bureau holds now" "市场监管部门现有记录"
"$fillgate" bureau journal --last 20 --database "$database" || fail "no journal at the bureau"
say "A clerk: cylinder HZ-CNG-900001 is reported scrapped; the list goes out" "经办人：气瓶 HZ-CNG-900001 报废；发布新名单"
"$fillgate" registry set cylinder HZ-CNG-900001 --field state=scrapped --why "cut up at the workshop" --database "$database" ||
    fail "the registry does not take it"
"$fillgate" bureau publish HZ-01 --insist --lists "$DIR/bureau/lists" --key "$DIR/bureau/list.pem" --database "$database" ||
    fail "it cannot be published"
tools/city.sh list-wait 2 || fail "the list does not come down"
say "The same cylinder again" "再次扫描同一气瓶"
sim 1 "connect good"
sim 1 "present good"
for _ in $(seq 100); do
    "$fillgate" point status --json --socket "$(socket 1)" | grep -q SCRAPPED && break
    sleep 0.1
done
sim 1 remove
sim 1 disconnect
all_sent 1
"$fillgate" bureau journal --controller ctl-1 --last 5 --database "$database"
"$fillgate" bureau journal --controller ctl-1 --last 20 --json --database "$database" | grep -q SCRAPPED || fail "it was not refused"
say "The state of the station" "充装站状态"
"$fillgate" station status --config "$DIR/station/station.ini"
[ "${2:-}" = --check ] && exit 0

# What can be done from another terminal, where the pages are, and who may sign in.
usage_english() {
    cat <<EOF

The city stays up in $DIR. From another terminal, in this folder:
  D=$DIR; S=\$D/point-1/control.sock; DB=sqlite:\$D/bureau/bureau.db
  $BUILD/fillgate-sim --dir \$D/point-1 send "connect third"    put the nozzle on a cylinder: good, second, third, ...
  $BUILD/fillgate-sim --dir \$D/point-1 send "present third"    hold its tag to the reader; also remove, swap, button, estop, fault, help
  $BUILD/fillgate point check --socket \$S                      confirm the pre-check items (after the fill: the post-check items)
  $BUILD/fillgate point start --socket \$S                      start the fill
  $BUILD/fillgate bureau journal --database \$DB                 show what the bureau holds
  $BUILD/fillgate registry show cylinder HZ-CNG-900021 --database \$DB
  $BUILD/fillgate bureau devices --database \$DB
  $BUILD/fillgate station status --config \$D/station/station.ini
The operator's panel: point 1 at $(cat "$DIR/point-1/panel.url"), point 2 at $(cat "$DIR/point-2/panel.url")
  Sign in as op-wang with PIN 246810 or the card (send "present card-wang"), or as op-li, whose certificate ends soon, with PIN 135790.
  All passwords and PINs here are for trying out only.
The bureau's pages: $(cat "$DIR/bureau/pages.url")
  Sign in as auditor with look-at-everything, or as admin with the one-time password $(cat "$DIR/bureau/first-sign-in"),
  which must be changed; for the users: $BUILD/fillgate user list --database \$DB
Logs: \$D/*/*.log. For one filling point with every refusal: make demo. Ctrl-C stops the city.
EOF
}
usage_chinese() {
    cat <<EOF

模拟城市保持运行，目录为 $DIR。可在另一终端的本目录下执行：
  D=$DIR; S=\$D/point-1/control.sock; DB=sqlite:\$D/bureau/bureau.db
  $BUILD/fillgate-sim --dir \$D/point-1 send "connect third"    将充装枪接到气瓶：good、second、third 等
  $BUILD/fillgate-sim --dir \$D/point-1 send "present third"    将其标签靠近读卡器；另有 remove、swap、button、estop、fault、help
  $BUILD/fillgate point check --socket \$S                      确认充装前检查项（充装后为充装后检查项）
  $BUILD/fillgate point start --socket \$S                      开始充装
  $BUILD/fillgate bureau journal --database \$DB                 查看市场监管部门保存的记录
  $BUILD/fillgate registry show cylinder HZ-CNG-900021 --database \$DB
  $BUILD/fillgate bureau devices --database \$DB
  $BUILD/fillgate station status --config \$D/station/station.ini
充装点面板：1 号 $(cat "$DIR/point-1/panel.url")，2 号 $(cat "$DIR/point-2/panel.url")
  用 op-wang 登录，PIN 为 246810，或刷卡（send "present card-wang"）；也可用 op-li 登录（证书即将到期），PIN 为 135790。
  此处的密码和 PIN 仅供试用。
监管平台：$(cat "$DIR/bureau/pages.url")
  用 auditor 登录，密码为 look-at-everything；或用 admin 登录，一次性密码为 $(cat "$DIR/bureau/first-sign-in")，
  登录后须修改。查看用户：$BUILD/fillgate user list --database \$DB
运行日志：\$D/*/*.log。单个充装点及全部拒绝情形：make demo。按 Ctrl-C 停止。
EOF
}
if [ $chinese = yes ]; then usage_chinese; else usage_english; fi
while kill -0 "$(cat "$DIR/bureau/fillgate-bureau.pid" 2>/dev/null)" 2>/dev/null; do sleep 1; done
fail "the bureau has stopped"
