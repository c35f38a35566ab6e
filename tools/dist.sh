#!/bin/bash
# Makes build/fillgate-VERSION.tar.gz of what is committed, with the files from npm inside, so that it builds without a network. The same
# commit gives the same bytes. Usage: dist.sh WEB_MODULES_FOLDER
set -euo pipefail
cd "$(dirname "$0")/.."
modules=$1
name=fillgate-$(git show HEAD:VERSION)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
git archive --prefix="$name/" HEAD | tar -x -C "$work"
mkdir -p "$work/$name/$(dirname "$modules")"
cp -r "$modules" "$modules.done" "$work/$name/$(dirname "$modules")/"
tar -c --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$(git show -s --format=%ct HEAD)" -C "$work" "$name" | gzip -9 -n >"build/$name.tar.gz"
echo "build/$name.tar.gz"
