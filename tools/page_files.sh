#!/bin/bash
# Makes the C table of a page's files (lib/net/page/page_file.h) from folders and their sub-folders.
# Usage: page_files.sh FOLDER OUT.c NAME [FOLDER...]   Paths keep to letters, digits, '.', '_', '-' and '/'.
set -euo pipefail
export LC_ALL=C
out=$2
table_name=$3
folders=("$1" "${@:4}")
mkdir -p "$(dirname "$out")"
packed=$(mktemp)
trap 'rm -f "$packed"' EXIT

array() { # C-NAME FILE: an empty file has one byte too many in C; its length stays 0
    echo "static const uint8_t $1[] = {"
    od -An -v -tx1 "$2" | sed -E 's/ ([0-9a-f]{2})/0x\1,/g'
    [ -s "$2" ] || echo 0
    echo "};"
}

{
    echo '#include "lib/net/page/page_file.h"'
    table=
    n=0
    while IFS=: read -r folder name; do
        file=$folder/$name
        [[ $name =~ ^[A-Za-z0-9._/-]+$ ]] || { echo "page_files: $file: a name that no path can have" >&2; exit 1; }
        path=/$name
        # Pages go by their names alone.
        [[ $name =~ ^[^/]*\.html$ ]] && path=/${name%.html}
        [ "$name" = index.html ] && path=/
        etag=$(sha256sum <"$file" | cut -c 1-32)
        array "file_$n" "$file"
        gzip -9 -n -c "$file" >"$packed"
        gzip_part="NULL, 0"
        if [ "$(stat -c %s "$packed")" -lt $(($(stat -c %s "$file") * 9 / 10)) ]; then
            array "gzip_$n" "$packed"
            gzip_part="gzip_$n, $(stat -c %s "$packed")"
        fi
        table+="    {\"$path\", \"\\\"$etag\\\"\", file_$n, $(stat -c %s "$file"), $gzip_part},"$'\n'
        n=$((n + 1))
    done < <(for folder in "${folders[@]}"; do find "$folder" -type f -printf "$folder:%P\n"; done | sort)
    echo "const struct fg_page_file ${table_name}[] = {"
    [ -n "$table" ] && printf '%s' "$table" || echo "    {NULL, NULL, NULL, 0, NULL, 0},"
    echo "};"
    echo "const size_t ${table_name}_count = $n;"
} >"$out.new"
mv "$out.new" "$out"
