#!/bin/bash
# Modified condition/decision coverage of firmware/core by its own tests (tests/unit/firmware/core, the exhaustive walk), a line per file, and what is
# left: each decision with a condition that no pair of tests shows to matter by itself. Installs clang 19 when it is missing; gcc and clang
# of Debian 12 cannot tell it. Usage: mcdc.sh     Exit code 0 only when all of core together reaches 98 %.
#
# Four conditions have no pair of tests, for none can be made through the public functions; each guards an array or a state against a caller
# that changes later:
# - fill.c, zero_fill_count, "fill->locked_out": nothing is accepted while locked out, so that no fill ends then.
# - fill.c, scale_is_below_tare, "reading_good(...)": a fill by mass whose scale cannot be read was refused, or has ended, before it is asked.
# - rules.c, others_decide and history_decide, "i < FG_VEHICLE_CYLINDERS_MAX": both run only when tag_decide found no more cylinders.
set -euo pipefail
cd "$(dirname "$0")/.."
least=98
if ! command -v clang-19 >/dev/null || ! command -v llvm-cov-19 >/dev/null; then
    PACKAGES="clang-19 llvm-19 libclang-rt-19-dev" tools/setup.sh
fi
make --no-print-directory -j"$(nproc)" VARIANT=mutant build/mutant/lib/domain.a build/mutant/lib/base.a
work=build/mcdc
rm -rf $work
mkdir -p $work
flags=(-std=c11 -D_GNU_SOURCE -I. -Ibuild/gen -g -O0 -w)
for source in firmware/core/*.c; do
    clang-19 "${flags[@]}" -fprofile-instr-generate -fcoverage-mapping -fcoverage-mcdc -c -o "$work/$(basename "$source" .c).o" "$source" &
done
wait
objects=()
profiles=()
failed=0
for test in tests/unit/firmware/core/test_*.c tests/sim/test_fill_exhaustive.c; do
    name=$(basename "$test" .c)
    clang-19 "${flags[@]}" -fprofile-instr-generate -o "$work/$name" "$test" tests/lib/check.c $work/*.o build/mutant/lib/domain.a build/mutant/lib/base.a -lmbedtls -lmbedx509 \
        -lmbedcrypto -linih -lcjson -lprotobuf-nanopb -lpthread -lm
    LLVM_PROFILE_FILE=$work/$name.profraw "$work/$name" >"$work/$name.log" 2>&1 || { failed=1; tail -n 5 "$work/$name.log"; }
    profiles+=("$work/$name.profraw")
    objects+=(-object "$work/$name")
done
[ $failed -eq 0 ] || { echo "mcdc: a test fails" >&2; exit 1; }
llvm-profdata-19 merge -o $work/all.profdata "${profiles[@]}"
llvm-cov-19 report "${objects[@]}" -instr-profile=$work/all.profdata --show-mcdc-summary --show-region-summary=0 --show-branch-summary=0 -sources firmware/core/*.c \
    >$work/report.txt
awk 'NF > 8 && $1 != "Filename" {printf "%-16s %4d conditions, %3d missed: %s\n", $1, $(NF - 2), $(NF - 1), $NF}' $work/report.txt
llvm-cov-19 show "${objects[@]}" -instr-profile=$work/all.profdata --show-mcdc --show-branches=count -sources firmware/core/*.c >$work/lines.txt
echo "what is left (all of it: $work/lines.txt):"
awk '/^\/.*\.c:$/ {file = $0; sub(/.*\/firmware/, "firmware", file); sub(/:$/, "", file)}
    /MC\/DC Decision Region/ {line = $0; sub(/.*Region \(/, "", line); sub(/:.*/, "", line)}
    /-Pair: not covered/ {pair = $0; gsub(/.*\| *|-Pair.*/, "", pair); print "  " file ":" line " condition " substr(pair, 2)}' $work/lines.txt
total=$(awk '/^TOTAL/ {sub(/%/, "", $NF); print $NF}' $work/report.txt)
awk -v total="$total" -v least=$least 'BEGIN {printf "MC/DC of firmware/core: %.2f %% (at least %d %%)\n", total, least; exit total < least}'
