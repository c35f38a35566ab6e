#!/bin/bash
# Takes the pictures in docs anew, with Debian's chromium: of the operator's panel on a link that has no point beneath it, and of the
# bureau's pages at a small city's bureau with recorded answers. Usage: screenshots.sh BUILD-DIRECTORY
set -euo pipefail
cd "$(dirname "$0")/.."
export BUILD=$1
MODULES=$(tests/browser/modules.sh)
DIR=$(mktemp -d /tmp/fillgate-screenshots-XXXXXX)
export MODULES DIR LC_ALL=C.UTF-8
city=
finish() {
    tools/point.sh panel-kill
    if [ -n "$city" ]; then
        kill -TERM "$city" 2>/dev/null || true
        wait "$city" 2>/dev/null || true
    fi
    rm -rf "$DIR"
}
trap finish EXIT
tools/point.sh panel
node tests/browser/screenshots.mjs
mkdir -m 700 "$DIR/city"
CITY=$DIR/city PANEL_PORT= WEB_PORT=0 tools/run.sh "$BUILD" >"$DIR/run.log" 2>&1 &
city=$!
for _ in $(seq 600); do
    grep -qE "stays up|保持运行" "$DIR/run.log" && break
    kill -0 "$city" 2>/dev/null || { tail -n 20 "$DIR/run.log" >&2; exit 1; }
    sleep 0.2
done
ADDRESS=$(cat "$DIR/city/bureau/pages.url") node tests/browser/bureau_screenshots.mjs
pngquant --force --ext .png --strip 48 docs/panel/*.png docs/bureau/*.png
large=$(find docs -name '*.png' -size +160k)
[ -z "$large" ] || { echo "larger than 160 kB: $large" >&2; exit 1; }
