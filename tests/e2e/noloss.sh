#!/bin/bash
# NO-LOSS with real processes: seeds of a city that is killed, stopped, starved and cut off, then healed and compared byte for byte.
# SEEDS (500) from FIRST (1) on, JOBS (8) at a time, with the optimised programs, since time is what a seed needs most.
# A failure prints its seed; build/release/fillgate-noloss --build build/release --seeds N 1 --keep replays it.
set -eu
cd "$(dirname "$0")/../.."
make --no-print-directory -j"$(nproc)" VARIANT=release programs-build >/dev/null
exec build/release/fillgate-noloss --build build/release --seeds "${FIRST:-1}" "${SEEDS:-500}" --jobs "${JOBS:-8}"
