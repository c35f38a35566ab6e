#!/bin/bash
# Takes the pictures of the operator's panel in docs/panel anew, with Debian's chromium on a link that has no point beneath it.
# Usage: screenshots.sh BUILD-DIRECTORY
set -euo pipefail
cd "$(dirname "$0")/.."
export BUILD=$1
MODULES=$(tests/browser/modules.sh)
DIR=$(mktemp -d /tmp/fillgate-screenshots-XXXXXX)
export MODULES DIR LC_ALL=C.UTF-8
finish() {
    tools/point.sh panel-kill
    rm -rf "$DIR"
}
trap finish EXIT
tools/point.sh panel
node tests/browser/screenshots.mjs
