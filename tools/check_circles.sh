#!/bin/bash
# No circle of files: a file uses no function or object of a file that, over any number of others, uses its own. tools/check_rooms.sh sees
# includes, and so what goes from room to room; this sees the symbols of built objects, and so what goes on inside a room. Exit code: 0
# there is no circle, 1 there are some; each is printed with the symbols that close it. Usage: check_circles.sh BUILD_DIRECTORY
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/.."
build=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# USER OWNER SYMBOL of every symbol of one product file that another uses. An object whose source is gone is left over and does not count.
find lib proto firmware host boards -name '*.c' -printf "$build/%p\n" | sed 's/c$/o/' | sort > "$work/objects"
while read -r object; do
    [ ! -e "$object" ] || nm "$object" | sed "s#^#$object #"
done < "$work/objects" |
    awk -v prefix="$build/" '
        {file = substr($1, length(prefix) + 1); sub(/o$/, "c", file); symbol = $NF; kind = $(NF - 1)}
        kind ~ /^[TDBRC]$/ {owner[symbol] = file}
        kind == "U" {uses[++count] = file " " symbol}
        END {for (i = 1; i <= count; i++) {split(uses[i], use, " "); if (use[2] in owner) print use[1], owner[use[2]], use[2]}}' |
    sort -u > "$work/uses"
files=$(wc -l < "$work/objects")
[ "$(cut -d' ' -f1 "$work/uses" | sort -u | wc -l)" -gt $((files / 2)) ] || {
    echo "check_circles.sh: $build holds the objects of few of the $files files; build the programs first" >&2
    exit 1
}

# tsort names the members of each circle, in the order in which they use each other.
if cut -d' ' -f1,2 "$work/uses" | sort -u | tsort > "$work/order" 2> "$work/circles"; then
    echo "$files files, no circle"
    exit 0
fi
awk -v uses="$work/uses" '
    BEGIN {while ((getline line < uses) > 0) {split(line, use, " "); symbols[use[1] " " use[2]] = symbols[use[1] " " use[2]] " " use[3]}}
    function close_circle(    i, from, to) {
        for (i = 1; i <= n; i++)
            for (to = 1; to <= n; to++)
                if ((from = member[i] " " member[to]) in symbols) print "  " member[i] " uses of " member[to] ":" symbols[from]
        n = 0
    }
    /loop:$/ {close_circle(); print "a circle of files:"; next}
    {member[++n] = $NF}
    END {close_circle()}' "$work/circles" >&2
exit 1
