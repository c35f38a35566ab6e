#!/bin/bash
# Writes a makefile that says what each program, test, fuzz target and benchmark is linked with, from the include lines alone:
#   ROOMS                all rooms with sources, each before those that it uses, as a linker needs them
#   SOURCES_room         the room's C files but programs and tests
#   USES_file            the rooms that a program or test needs, in that order
# A room is a folder; who includes a header of a room uses it, and all that it uses. A main.c is the program of its folder, and uses the rooms
# in it. Left as it is when nothing changed, so that make sees no newer file. Usage: link_rooms.sh OUT.mk
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/.."
out=$1
mkdir -p "$(dirname "$out")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

find lib proto firmware host boards/sim tests -name '*.[ch]' | sort >"$work/files"
xargs grep -HE '^[[:space:]]*#[[:space:]]*include "' <"$work/files" |
    awk -v files="$work/files" -v edges="$work/edges" -v data="$work/data" '
        function room_of(path) {sub(/\/[^\/]*$/, "", path); return path}
        # Programs and tests are linked, no room is made of them. check.c has the main of every test and is linked by itself.
        function is_root(path) {return path ~ /(^|\/|_)main\.c$/ || path ~ /^tests\/(unit|sim|fuzz|bench)\/.*\/?(test|fuzz|bench)_[^\/]*\.c$/}
        BEGIN {
            while ((getline path < files) > 0) {
                if (is_root(path)) print "ROOT", path > data
                else if (path ~ /\.c$/ && path != "tests/lib/check.c") print "SOURCE", room_of(path), path > data
            }
        }
        {
            colon = index($0, ":")
            path = substr($0, 1, colon - 1)
            split($0, part, "\"")
            if (part[2] == "tests/lib/check.h" || part[2] !~ /\//) next
            from = is_root(path) ? path : room_of(path)
            to = room_of(part[2])
            if (from == to || (from, to) in seen) next
            seen[from, to] = 1
            if (is_root(path)) print "NEEDS", path, to > data
            else {print "USE", from, to > data; print from, to > edges}
        }'
touch "$work/edges"
tsort "$work/edges" >"$work/order" 2>/dev/null || {
    echo "link_rooms.sh: rooms use each other in a circle; tools/check_rooms.sh names it" >&2
    exit 1
}
awk -v order="$work/order" '
    $1 == "ROOT" {root[++roots] = $2}
    $1 == "SOURCE" {sources[$2] = sources[$2] " " $3}
    $1 == "NEEDS" {needs[$2] = needs[$2] " " $3}
    $1 == "USE" {uses[$2] = uses[$2] " " $3}
    function mark(names,    n, i, name) {
        n = split(names, name, " ")
        for (i = 1; i <= n; i++)
            if (!(name[i] in marked)) {marked[name[i]] = 1; mark(uses[name[i]])}
    }
    END {
        while ((getline room < order) > 0) {place[++rooms] = room; placed[room] = 1}
        for (room in sources) if (!(room in placed)) place[++rooms] = room
        line = ""
        for (i = 1; i <= rooms; i++) if (place[i] in sources) line = line " " place[i]
        print "ROOMS :=" line
        for (i = 1; i <= rooms; i++) if (place[i] in sources) print "SOURCES_" place[i] " :=" sources[place[i]]
        for (r = 1; r <= roots; r++) {
            split("", marked)
            mark(needs[root[r]])
            folder = root[r]; sub(/[^\/]*$/, "", folder)
            if (root[r] ~ /\/main\.c$/)
                for (i = 1; i <= rooms; i++) if (index(place[i], folder) == 1) mark(place[i])
            line = ""
            for (i = 1; i <= rooms; i++) if (place[i] in marked && place[i] in sources) line = line " " place[i]
            file = root[r]; sub(/\.c$/, "", file)
            print "USES_" file " :=" line
        }
    }' "$work/data" >"$work/out"
cmp -s "$work/out" "$out" || mv "$work/out" "$out"
