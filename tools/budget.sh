#!/bin/bash
# What the programs may weigh: sizes, peak heap, longest function and file, assertions in the core, each compared with tools/budget.txt.
# Whoever needs more changes that file in the same commit, and says why in it. Also says where a bound has become loose. What begins with
# suite_ is measured by tools/test.sh.
# Usage: budget.sh BUILD-DIRECTORY    Exit code: 0 all within bounds, 1 not
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/.."
build=$1
work=$(mktemp -d /tmp/fillgate-budget-XXXXXX)
export BUILD=$build DIR=$work/point
mkdir "$DIR"
finish() {
    tools/point.sh stop >"$work/stop" 2>&1 || true
    tools/point.sh sim-stop >>"$work/stop" 2>&1 || true
    rm -rf "$work"
}
trap finish EXIT

text_bytes() { size "$1" | awk 'NR > 1 {sum += $1} END {print sum}'; } # PROGRAM or ARCHIVE

# From the line that opens a function's body to the one that closes it, as clang-format lays them out.
longest_function() {
    find lib proto firmware host boards/sim -name '*.c' -print0 | xargs -0 awk '
        FNR == 1 {from = 0}
        /^{/ {from = FNR}
        /^}/ && from {if (FNR - from - 1 > longest) longest = FNR - from - 1; from = 0}
        END {print longest + 0}'
}

longest_file() { find lib proto firmware host boards/sim -name '*.[ch]' -print0 | xargs -0 wc -l | awk '$2 != "total" && $1 > longest {longest = $1} END {print longest}'; }

# glibc counts what fillgated allocates while it starts, refuses a cylinder and stops.
heap_peak_bytes() {
    local library
    library=$(dirname "$(gcc -print-file-name=libc.so.6)")/libmemusage.so
    PATIENT=yes tools/point.sh prepare >"$work/log" 2>&1
    tools/point.sh sim >>"$work/log" 2>&1
    MEMUSAGE_PROG_NAME=fillgated LD_PRELOAD=$library tools/point.sh start >>"$work/log" 2>&1
    "$build/fillgate-sim" --dir "$DIR" send "present overdue" >>"$work/log"
    for _ in $(seq 600); do
        "$build/fillgate" point status --json --socket "$DIR/control.sock" | grep -q '"phase":"REFUSED"' && break
        sleep 0.1
    done
    tools/point.sh stop >>"$work/log" 2>&1
    sed 's/\x1b\[[0-9;]*m//g' "$DIR"/*.log | sed -nE 's/.*heap peak: ([0-9]+).*/\1/p' | sort -n | tail -n 1
}

measure() { # NAME
    case $1 in
    text_fillgated_bytes) text_bytes "$build/fillgated" ;;
    text_reader_bytes) text_bytes "$build/fillgate-reader" ;;
    text_core_bytes) text_bytes "$build/firmware/core.a" ;;
    heap_fillgated_bytes) heap_peak_bytes ;;
    longest_function_lines) longest_function ;;
    longest_file_lines) longest_file ;;
    core_assertions) cat firmware/core/*.[ch] | grep -cE '^ *(_Static_)?assert\(' || true ;;
    *) echo "budget.sh: nobody measures $1" >&2; return 1 ;;
    esac
}

status=0
while read -r name bound limit _; do
    [[ $name = "" || $name = \#* || $name = suite_* ]] && continue
    value=$(measure "$name")
    [[ $value =~ ^[0-9]+$ ]] || { echo "budget.sh: $name: \"$value\" is no figure" >&2; cat "$work/log" >&2 || true; exit 1; }
    printf '%-24s %9d, %s %d' "$name" "$value" "$bound" "$limit"
    if { [ "$bound" = at_most ] && [ "$value" -gt "$limit" ]; } || { [ "$bound" = at_least ] && [ "$value" -lt "$limit" ]; }; then
        printf ': EXCEEDED; shrink it, or change tools/budget.txt in the same commit'
        status=1
    elif [ "$bound" = at_most ] && [ $((value * 10)) -lt $((limit * 8)) ]; then
        printf ': the bound is loose'
    fi
    echo
done <tools/budget.txt
exit $status
