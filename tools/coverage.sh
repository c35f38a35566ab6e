#!/bin/bash
# Lines and branches that unit, simulation and end-to-end tests reach, a line per room. Fails when firmware/core is below 95 % of lines or
# 90 % of branches, or the rest below 85 % of lines. Not counted: generated code, tests, and the generator of the demo's registry.
set -euo pipefail
cd "$(dirname "$0")/.."
export TEST_SECONDS_MAX=1800
find build/cov -name '*.gcda' -delete 2>/dev/null || true
make --no-print-directory -j"$(nproc)" VARIANT=cov programs-build unit-build
make --no-print-directory VARIANT=cov unit-run >build/coverage-unit.log || { grep -B5 FAIL build/coverage-unit.log; exit 1; }
make --no-print-directory VARIANT=cov e2e-run >build/coverage-e2e.log || { grep -B5 FAIL build/coverage-e2e.log; exit 1; }

summary() { # ROOM-FILTERS...
    local arguments=()
    for room in "$@"; do arguments+=(--filter "$room/"); done
    gcovr --root . --object-directory build/cov --exclude 'build/' --exclude 'tests/' --exclude 'boards/sim/registry_main.c' \
        --json-summary-pretty "${arguments[@]}" 2>/dev/null |
        awk -F'[:,]' '/^    "branch_percent"/ {b = $2} /^    "line_percent"/ {l = $2} END {printf "%.1f %.1f", l, b}'
}
printf '%-24s %8s %10s\n' room lines branches
for room in lib lib/list proto firmware/core firmware/reader firmware/plant firmware/journal firmware/clock firmware/config \
    firmware/controller firmware/link firmware/panel host/bureau host/cli host/pki host/sql host/station boards/sim; do
    read -r lines branches <<<"$(summary "$room")"
    printf '%-24s %7s%% %9s%%\n' "$room" "$lines" "$branches"
done
read -r core_lines core_branches <<<"$(summary firmware/core)"
read -r rest_lines _ <<<"$(summary lib proto firmware/reader firmware/plant firmware/journal firmware/clock firmware/config \
    firmware/controller firmware/link firmware/panel host boards/sim)"
printf '%-24s %7s%%\n' "all but core" "$rest_lines"
awk -v cl="$core_lines" -v cb="$core_branches" -v rl="$rest_lines" 'BEGIN {
    if (cl < 95 || cb < 90 || rl < 85) { print "coverage: below 95/90 % for firmware/core or 85 % for the rest"; exit 1 } }'
