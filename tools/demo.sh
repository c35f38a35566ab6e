#!/bin/bash
# Plays tests/programs/demo/cases.demo on a fresh simulated filling point. Exit code 0 only if every outcome is the expected one
# and the simulator's own record has no opening without a durable AUTHORISED entry.
# Usage: demo.sh BUILD-DIRECTORY [--stay]   --stay leaves the point running to be played with, until Ctrl-C.
set -uo pipefail
cd "$(dirname "$0")/.."
export BUILD=$1
DIR=$(mktemp -d /tmp/fillgate-point-XXXXXX)
export DIR
# What is decided is played, not how soon: a busy machine must not be taken for a broken point.
export POINT=$PWD/tools/point.sh SPEED=${SPEED:-40} PATIENT=${PATIENT-yes}
chinese=no
case ${LC_ALL:-${LC_MESSAGES:-${LANG:-}}} in zh*) chinese=yes ;; esac
usage_english() {
    cat <<EOF

A fresh point stays up in $DIR, operator op-wang signed in. From another terminal, in this folder:
  D=$DIR; S=$DIR/control.sock
  $BUILD/fillgate-sim --dir \$D send "connect good"           put the nozzle on a cylinder: good, second, third, ...
  $BUILD/fillgate-sim --dir \$D send "present good"           hold its tag to the reader; also remove, swap, button, estop, fault, state, help
  $BUILD/fillgate point check --socket \$S                    confirm the pre-check items
  $BUILD/fillgate point start --socket \$S                    start the fill; after it, point check once more
  $BUILD/fillgate point status --socket \$S                   show what the controller sees
  $BUILD/fillgate journal show \$D/journal.db                 show what was logged
Ctrl-C stops it.
EOF
}
usage_chinese() {
    cat <<EOF

新的充装点保持运行，目录为 $DIR，充装人员 op-wang 已登录。可在另一终端的本目录下执行：
  D=$DIR; S=$DIR/control.sock
  $BUILD/fillgate-sim --dir \$D send "connect good"           将充装枪接到气瓶：good、second、third 等
  $BUILD/fillgate-sim --dir \$D send "present good"           将其标签靠近读卡器；另有 remove、swap、button、estop、fault、state、help
  $BUILD/fillgate point check --socket \$S                    确认充装前检查项
  $BUILD/fillgate point start --socket \$S                    开始充装；充装后再次执行 point check
  $BUILD/fillgate point status --socket \$S                   查看控制器状态
  $BUILD/fillgate journal show \$D/journal.db                 查看日志
按 Ctrl-C 停止。
EOF
}
finish() {
    tools/point.sh stop
    tools/point.sh sim-stop
    rm -rf "$DIR"
}
trap finish EXIT
trap 'exit 130' INT TERM

tools/point.sh prepare && tools/point.sh sim && tools/point.sh start || exit 3
"$BUILD/fillgate-demo" "$BUILD" "$DIR" "${CASES:-tests/programs/demo/cases.demo}"
code=$?

openings=$(grep -c '"witness":"ok"' "$DIR/record.jsonl" || true)
violations=$(grep -c '"witness":"violation"' "$DIR/record.jsonl" || true)
echo "LOG-BEFORE-OPEN: the simulator saw $openings openings of the valve, $violations without a durable AUTHORISED entry"
if [ "$violations" -ne 0 ] || [ "$openings" -eq 0 ]; then code=1; fi

if [ "${2:-}" = --stay ]; then
    "$POINT" stop
    "$POINT" renew
    if [ $chinese = yes ]; then usage_chinese; else usage_english; fi
    while kill -0 "$(cat "$DIR/fillgated.pid" 2>/dev/null)" 2>/dev/null; do sleep 1; done
fi
exit $code
