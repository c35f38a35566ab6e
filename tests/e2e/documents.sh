#!/bin/bash
# What the documents say is so: links, commands with their options, targets, paths, settings and names exist; their tables are what the
# catalogue says; and blocks marked "sh run ROOM" are really run, in the order of the documents, each room in a directory of its own.
# Usage: BUILD=build/asan tests/e2e/documents.sh
set -u
BUILD=$(realpath "${BUILD:?the directory of the programs}")
export BUILD
DIR=$(mktemp -d /tmp/fillgate-documents-XXXXXX)
export DIR=$DIR/point
export LC_ALL=C.UTF-8
finish() {
    tools/point.sh stop
    tools/point.sh sim-stop
    rm -rf "${DIR%/point}"
}
trap finish EXIT
work=${DIR%/point}
OUT=$work/out
. tests/lib/e2e.sh
fillgate=$BUILD/fillgate
mkdir "$DIR" "$work/bureau" "$work/deploy"

count_lines() { # FILE of lines "  ok   NAME" and "  FAIL NAME"
    cat "$1"
    passed=$((passed + $(grep -c '^  ok ' "$1")))
    failed=$((failed + $(grep -c '^  FAIL ' "$1")))
}

# A document in which everything is wrong: each kind of check must say so.
bad_document() {
    cat >"$work/bad.md" <<'END'
See [that](nowhere.md), `lib/nowhere`, `fillgate nothing`, `make nothing`, `[nothing] at_all`, `fg_nothing_at_all`.

| the core | `lib/base` | `fg_fill_step` |

```sh
fillgate point status --nothing
```
```
no shell
```
END
}
every_fault_is_named() {
    node tests/e2e/documents.mjs check "$BUILD" "$work/bad.md" >"$work/faults" &&
        [ "$(grep -c '^  FAIL .*bad.md' "$work/faults")" -eq 8 ] && grep -q 'status knows no --nothing; there is no fillgate nothing' "$work/faults"
}

# What the blocks of a room find there.
rooms_prepare() {
    local room
    for room in bureau deploy; do
        "$BUILD/fillgate-registry" --today "$(date +%F)" >"$work/$room/registry.csv" && cp boards/sim/rules.ini "$work/$room/" || return 1
    done
    cd "$work/bureau" && "$fillgate" ca init ca --name test && "$fillgate" key new receipt.pem && "$fillgate" key new list.pem
}
point_prepare() { tools/point.sh prepare && tools/point.sh sim && tools/point.sh start && "$fillgate" list import "$DIR/list-6.fgl" --socket "$DIR/control.sock"; }
block_runs() { (cd "$work/$2" && PATH=$BUILD:$PATH DB=sqlite:bureau.db bash -e "$1"); } # FILE ROOM

bad_document
check "a document in which everything is wrong: every fault is named" every_fault_is_named
node tests/e2e/documents.mjs check "$BUILD" >"$OUT" 2>&1 || bad "the documents can be read"
count_lines "$OUT"
check "the documents' tables are what the catalogue says" node tools/doc_tables.mjs --check
check "a bureau to try commands on" eval '(rooms_prepare)'
check "a filling point to try commands on" point_prepare
node tests/e2e/documents.mjs blocks "$work/blocks" >"$work/list" || bad "the documents' blocks can be read"
check "there are blocks to run in every room" eval 'for room in bureau deploy point; do grep -q " $room " "$work/list" || exit 1; done'
while read -r file room name; do
    check "$name: the commands succeed" block_runs "$file" "$room"
done <"$work/list"
count
