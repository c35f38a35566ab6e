#!/bin/bash
# Brings the exact modules of package-lock.json into build/browser, unless they are there already. Prints their folder.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=build/browser
mkdir -p $folder
exec 9>$folder/lock
flock 9
if ! cmp -s tests/browser/package-lock.json $folder/done.json; then
    cp tests/browser/package.json tests/browser/package-lock.json $folder/
    for try in 1 2 3; do
        if (cd $folder && timeout 180 npm ci --no-audit --no-fund --ignore-scripts >npm.log 2>&1); then
            cp tests/browser/package-lock.json $folder/done.json
            break
        fi
        [ $try -lt 3 ] || { tail -n 20 $folder/npm.log >&2; exit 1; }
        sleep $((try * 3))
    done
fi
realpath $folder/node_modules
