#!/bin/bash
# Peak memory (VmHWM) of fillgated with a list of 1,000,000 cylinders in force, after a look-up of each kind.
# Usage: rss.sh BUILD-DIRECTORY [CYLINDERS]
set -euo pipefail
export BUILD=$1
taxis=$((${2:-1000000} * 100 / 141))
DIR=$(mktemp -d /tmp/fillgate-rss-XXXXXX)
export DIR
finish() {
    tools/point.sh stop
    tools/point.sh sim-stop
    rm -rf "$DIR"
}
trap finish EXIT
tools/point.sh prepare
tools/point.sh sim
tools/point.sh start
"$BUILD/fillgate-registry" --taxis "$taxis" >"$DIR/big.csv"
"$BUILD/fillgate" list build --csv "$DIR/big.csv" --rules "$DIR/rules.ini" --key "$DIR/bureau.pem" --id huzhou-1 \
    --version 500 --out "$DIR/big.fgl" >/dev/null
pid=$(cat "$DIR/fillgated.pid")
before=$(awk '/^VmHWM/ {print $2}' "/proc/$pid/status")
begin=$(date +%s%N)
"$BUILD/fillgate" list import "$DIR/big.fgl" --socket "$DIR/control.sock" >/dev/null
import_ms=$((($(date +%s%N) - begin) / 1000000))
for name in good overdue unlisted; do
    "$BUILD/fillgate-sim" --dir "$DIR" send "present $name" >/dev/null
    sleep 0.6
    "$BUILD/fillgate-sim" --dir "$DIR" send remove >/dev/null
    sleep 0.6
done
after=$(awk '/^VmHWM/ {print $2}' "/proc/$pid/status")
echo "fillgated with $(($(wc -l <"$DIR/big.csv") - 1)) rows: peak RSS $after KiB (goal 16384), $before KiB before the import, which took $import_ms ms"
