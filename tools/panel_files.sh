#!/bin/bash
# Makes the C table of the panel's files (firmware/link/panel/panel_files.h) from the files of a folder.
# Usage: panel_files.sh FOLDER OUT.c   Sub-folders are not looked at; names keep to letters, digits, '.', '_' and '-'.
set -euo pipefail
export LC_ALL=C
folder=$1
out=$2
mkdir -p "$(dirname "$out")"
{
    echo '#include "firmware/link/panel/panel_files.h"'
    table=
    n=0
    for file in "$folder"/*; do
        [ -f "$file" ] || continue
        name=$(basename "$file")
        [[ $name =~ ^[A-Za-z0-9._-]+$ ]] || { echo "panel_files: $file: a name that no path can have" >&2; exit 1; }
        path=/$name
        [ "$name" = index.html ] && path=/
        etag=$(sha256sum <"$file" | cut -c 1-32)
        # An empty file has one byte too many in C; its length stays 0.
        echo "static const uint8_t file_$n[] = {"
        od -An -v -tx1 "$file" | sed -E 's/ ([0-9a-f]{2})/0x\1,/g'
        [ -s "$file" ] || echo 0
        echo "};"
        table+="    {\"$path\", \"\\\"$etag\\\"\", file_$n, $(stat -c %s "$file")},"$'\n'
        n=$((n + 1))
    done
    echo "const struct fg_panel_file fg_panel_files[] = {"
    printf '%s' "$table"
    echo "};"
    echo "const size_t fg_panel_file_count = $n;"
} >"$out.new"
mv "$out.new" "$out"
