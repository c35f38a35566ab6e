#!/bin/bash
# NO-LOSS with real processes: seeds of a city that is killed, stopped, starved and cut off, whose devices are suspended and released,
# whose certificates are renewed or end, and which is cheated by hops on the way; then it heals and is compared byte for byte, marks of
# suspensions and all. What is printed counts each kind of fault; from 400 seeds on, a kind that never happened fails the run.
# SEEDS (500) from FIRST (1) on, JOBS (8) at a time, with the optimised programs, since time is what a seed needs most.
# A failure prints its seed; build/release/fillgate-noloss --build build/release --seeds N 1 --keep replays it.
set -eu
cd "$(dirname "$0")/../.."
make --no-print-directory -j"$(nproc)" VARIANT=release programs-build >/dev/null
exec build/release/fillgate-noloss --build build/release --seeds "${FIRST:-1}" "${SEEDS:-500}" --jobs "${JOBS:-8}"
