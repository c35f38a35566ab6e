#!/bin/bash
# The systemd units of boards/generic: each keeps its program's keys out of dumps and its program within what it needs; and the programs
# themselves do so too, however they are started. Env BUILD: the directory of the programs. Last line: "N passed, N failed".
set -u
cd "$(dirname "$0")/../.."
export BUILD
DIR=$(mktemp -d /tmp/fillgate-units-XXXXXX)
export DIR
OUT=$DIR/out
. tests/lib/e2e.sh
trap 'tools/point.sh stop >"$DIR/stop.log" 2>&1; tools/point.sh sim-stop >>"$DIR/stop.log" 2>&1; rm -rf "$DIR"' EXIT

has_line() { grep -qE "^$2" "$1"; }
for unit in boards/generic/systemd/*.service; do
    name=$(basename "$unit")
    for line in LimitCORE=0$ NoNewPrivileges=yes$ SystemCallFilter=@system-service SystemCallArchitectures=native$ CapabilityBoundingSet=$ \
        ProtectSystem=strict$ RestrictNamespaces=yes$ MemoryDenyWriteExecute=yes$; do
        check "$name has ${line%$}" has_line "$unit" "$line"
    done
    # Of 10, the worst; systemd counts what a service could still do.
    if command -v systemd-analyze >/dev/null; then
        check "$name: systemd calls what is left exposed at most 3.0" systemd-analyze security --offline=yes --no-pager --threshold=30 "$unit"
        check "$name: systemd understands every line" bash -c '! systemd-analyze verify "$1" 2>&1 | grep -v "is not executable"' verify "$unit"
    fi
done
check "fillgated's unit lets the reader confine itself" has_line boards/generic/systemd/fillgated.service 'SystemCallFilter=landlock_create_ruleset landlock_add_rule landlock_restrict_self seccomp'

keeps_no_core() { grep -qE '^Max core file size +0 +0 ' "/proc/$1/limits"; }
check "a point starts" bash -c 'tools/point.sh prepare && tools/point.sh sim && tools/point.sh start'
pid=$(cat "$DIR/fillgated.pid" 2>/dev/null || echo 0)
check "fillgated leaves no core dump" keeps_no_core "$pid"
expect "fillgated, link, station, bureau and the command line say first that their memory is theirs" 0 '^5$' \
    bash -c 'grep -l "fg_secrecy_start(&error) != FG_OK" firmware/*/main.c host/*/main.c | wc -l'
count
