#!/bin/bash
# The bureau's pages in a real browser, against the real bureau of a small city (tools/run.sh) with fills, a refusal and users of every role,
# and against recorded answers for what such a city cannot bring about.
set -uo pipefail
cd "$(dirname "$0")/../.."
: "${BUILD:?the directory of the programs}"
BUILD=$(realpath "$BUILD")
MODULES=${MODULES:-$(tests/browser/modules.sh)} || exit 1
dir=$(mktemp -d /tmp/fillgate-bureau-pages-XXXXXX)
city=
finish() {
    if [ -n "$city" ]; then
        kill -TERM "$city" 2>/dev/null
        wait "$city" 2>/dev/null
    fi
    [ -n "${KEEP:-}" ] || rm -rf "$dir"
}
trap finish EXIT
trap 'exit 130' INT TERM

mkdir -m 700 "$dir/city"
PATIENT=yes CITY=$dir/city PANEL_PORT= WEB_PORT=0 tools/run.sh "$BUILD" >"$dir/run.log" 2>&1 &
city=$!
for _ in $(seq 1200); do
    grep -qE "stays up|保持运行" "$dir/run.log" && break
    kill -0 $city 2>/dev/null || { tail -n 20 "$dir/run.log" >&2; exit 1; }
    sleep 0.2
done
database=sqlite:$dir/city/bureau/bureau.db
user() { # USER ROLE
    "$BUILD/fillgate" user add "$1" --name "Test $2" --role "$2" --why "the test" --ask --database "$database" <<<"look-at-everything" >/dev/null
}
user registrar registrar && user supervisor supervisor && user second supervisor && user keeper administrator || exit 1
# What a clerk's file may bring: markup, quotes, direction marks, four-byte letters.
hostile='<img src=x onerror=window.hostile=1>"'"'"
"$BUILD/fillgate" registry set cylinder HZ-CNG-900021 --field owner='<script>hostile=1</script>' --field area=$'\u202e<b>\U1F9E8' --database "$database" \
    --why "$hostile" >/dev/null &&
    "$BUILD/fillgate" registry set station HZ-01 --field name="$hostile"$'\u202e\U1F9E8' --database "$database" --why "$hostile" >/dev/null || exit 1

export MODULES BUILD CITY="$dir/city" ADDRESS="$(cat "$dir/city/bureau/pages.url")" DATABASE="$dir/city/bureau/bureau.db"
timeout 1150 nice -n 10 node tests/browser/bureau.mjs
