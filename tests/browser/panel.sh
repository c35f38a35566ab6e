#!/bin/bash
# The operator's panel in Debian's chromium, against the real fillgated, link and simulator. BUILD (build/asan): where the programs are;
# ONLY=WORDS: only the tests whose name has these words (for recorded states; the others build on each other).
set -u
cd "$(dirname "$0")/../.." || exit 1
export BUILD=${BUILD:-build/asan}
MODULES=${MODULES:-$(tests/browser/modules.sh)} || exit 1
DIR=$(mktemp -d /tmp/fillgate-browser-panel-XXXXXX)
export MODULES DIR SPEED=${SPEED:-25} LC_ALL=C.UTF-8 TZ=Asia/Shanghai PATIENT=1
finish() {
    tools/point.sh panel-kill
    tools/point.sh stop
    tools/point.sh sim-stop
    rm -rf "$DIR"
}
trap finish EXIT
tools/point.sh prepare && tools/point.sh sim && tools/point.sh panel || exit 1
# The browser gives way to the point, which is on a board of its own at work.
nice -n 10 node tests/browser/panel.mjs
