#!/bin/bash
# TAMPER-SHOWS: every way to alter a stored journal or list, done with sqlite3 on a copy, and what the command that finds it says.
# Env BUILD: the directory of the programs. Last line: "N passed, N failed".
set -u
cd "$(dirname "$0")/../.."
export BUILD
DIR=$(mktemp -d /tmp/fillgate-tamper-XXXXXX)
export DIR
OUT=$DIR/out
. tests/lib/e2e.sh
finish() {
    tools/point.sh stop
    tools/point.sh sim-stop
    rm -rf "$DIR"
}
trap finish EXIT

# A journal of a dozen entries and a list, left behind by a controller that was stopped.
tools/point.sh prepare && tools/point.sh sim && tools/point.sh start || exit 1
for i in 1 2 3; do
    "$BUILD/fillgate" point sign-in op-$i --certificate-end 2030-01-01 --socket "$DIR/control.sock" >/dev/null
    "$BUILD/fillgate" point sign-out --socket "$DIR/control.sock" >/dev/null
done
"$BUILD/fillgate" list import "$DIR/list-1.fgl" --socket "$DIR/control.sock" >/dev/null
cp "$DIR/list.db" "$DIR/older.db"
cp "$DIR/list.db-wal" "$DIR/older.db-wal" 2>/dev/null
"$BUILD/fillgate" list import "$DIR/list-2.fgl" --socket "$DIR/control.sock" >/dev/null
tools/point.sh stop
"$BUILD/fillgate" key new "$DIR/other.pem" >/dev/null

found() { # NAME PATTERN COMMAND...: the command must say no (1) or fail (3), and name what it found
    local name=$1 pattern=$2 output code
    shift 2
    output=$("$@" 2>&1)
    code=$?
    if { [ "$code" -eq 1 ] || [ "$code" -eq 3 ]; } && grep -qiE -- "$pattern" <<<"$output"; then
        ok "TAMPER-SHOWS: $name: ${output##*$'\n'}"
    else
        bad "TAMPER-SHOWS: $name: code $code: $output"
    fi
}
copy_journal() { # SQL...: a fresh copy of the journal with the edit
    rm -f "$DIR"/copy.db*
    sqlite3 "$DIR/journal.db" "VACUUM INTO '$DIR/copy.db'"
    cp "$DIR/journal.db.anchor" "$DIR/copy.db.anchor"
    sqlite3 "$DIR/copy.db" "$1" >/dev/null
}
copy_list() {
    rm -f "$DIR"/copy-list.db*
    sqlite3 "$DIR/list.db" "VACUUM INTO '$DIR/copy-list.db'"
    sqlite3 "$DIR/copy-list.db" "$1" >/dev/null
}
verify() { "$BUILD/fillgate" journal verify "$DIR/copy.db" --key "$DIR/${1:-device}.pem.pub"; }
look_up() { "$BUILD/fillgate" list verify --list "$DIR/copy-list.db" --key "$DIR/bureau.pem.pub"; }

copy_journal "SELECT 1"
# The untouched thing must verify, or the rest proves nothing.
check "an untouched journal verifies" verify
copy_journal "UPDATE entry SET bytes = substr(bytes, 1, length(bytes) - 1) || x'7f' WHERE sequence = 4"
found "a byte of an entry edited" "4" verify
copy_journal "DELETE FROM entry WHERE sequence = 5"
found "an entry deleted" "5" verify
copy_journal "CREATE TEMP TABLE a AS SELECT * FROM entry WHERE sequence IN (4, 5);
    UPDATE entry SET bytes = (SELECT bytes FROM a WHERE sequence = 5) WHERE sequence = 4;
    UPDATE entry SET bytes = (SELECT bytes FROM a WHERE sequence = 4) WHERE sequence = 5;"
found "two entries swapped" "4" verify
copy_journal "INSERT INTO entry SELECT (SELECT max(sequence) + 1 FROM entry), bytes, hash, signature, kind, wall_ms, identity,
    quantity_g, code, plate FROM entry WHERE sequence = 3"
found "an entry replayed at the end" "out of order|replay|sequence|says" verify
copy_journal "DELETE FROM entry WHERE sequence > (SELECT max(sequence) - 3 FROM entry)"
found "the tail cut off" "anchor|cut|rolled back|missing" verify
copy_journal "UPDATE entry SET wall_ms = wall_ms + 1 WHERE sequence = 2"
found "an index column edited" "2" verify
copy_journal "UPDATE entry SET signature = zeroblob(64) WHERE sequence = 6"
found "a head's signature replaced" "6" verify
copy_journal "SELECT 1"
found "another controller's journal" "signature|key|controller" verify other

copy_list "SELECT 1"
check "an untouched list verifies" look_up
copy_list "UPDATE bucket SET bytes = substr(bytes, 1, length(bytes) - 1) || x'00' WHERE idx = (SELECT min(idx) FROM bucket WHERE length(bytes) > 4)"
found "a row of the list edited" "bucket" look_up
copy_list "UPDATE manifest SET signed = substr(signed, 1, length(signed) - 1) || x'7f'"
found "the manifest forged" "manifest|signature" look_up
"$BUILD/fillgate" list build --csv "$DIR/registry.csv" --rules "$DIR/rules.ini" --key "$DIR/stranger.pem" --id huzhou-1 --version 900 \
    --out "$DIR/stranger.fgl" >/dev/null
found "a list that somebody else signed" "not trusted|signature" "$BUILD/fillgate" list import "$DIR/stranger.fgl" --list "$DIR/list.db" --key "$DIR/bureau.pem.pub"
found "an older list imported" "older" "$BUILD/fillgate" list import "$DIR/list-1.fgl" --list "$DIR/list.db" --key "$DIR/bureau.pem.pub"

rm -f "$DIR"/list.db*
for file in "$DIR"/older.db*; do cp "$file" "${file/older/list}"; done
tools/point.sh start
state=$("$BUILD/fillgate" point status --json --socket "$DIR/control.sock" | grep -o '"list":{[^}]*}')
found "the whole list store put back to an older copy" "ROLLED_BACK" bash -c 'echo "$1"; exit 1' - "$state"
count
