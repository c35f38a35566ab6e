#!/bin/bash
# Brings what the bureau's pages take from npm, exactly as host/bureau/npm/package-lock.json says, into a folder: only the files that are
# served. Quick, and without a network, when they are there. Usage: page_modules.sh FOLDER
set -euo pipefail
lib=$(realpath "$(dirname "$0")/../host/bureau/npm")
mkdir -p "$1"
folder=$(realpath "$1")
exec 9>"$folder.lock"
flock 9
cmp -s "$lib/package-lock.json" "$folder.done" && exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$lib/package.json" "$lib/package-lock.json" "$work/"
for try in 1 2 3; do
    (cd "$work" && timeout 180 npm ci --no-audit --no-fund --ignore-scripts >npm.log 2>&1) && break
    [ $try -lt 3 ] || { echo "page_modules: npm cannot bring the charts:" >&2; tail -n 20 "$work/npm.log" >&2; exit 1; }
    sleep $((try * 3))
done
mkdir -p "$folder/lib"
cp "$work/node_modules/echarts/dist/echarts.common.min.js" "$folder/lib/"
cp "$work/node_modules/echarts/LICENSE" "$folder/lib/echarts.LICENSE.txt"
cp "$work/node_modules/echarts/NOTICE" "$folder/lib/echarts.NOTICE.txt"
cp "$lib/package-lock.json" "$folder.done"
