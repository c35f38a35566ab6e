#!/bin/bash
# FAIL-CLOSED of the kinds of fail_closed.sh that are no matter of milliseconds, so that they need not run alone: a pressure that is
# frozen, and a valve that is welded.
# Usage: BUILD=build/asan [TRIES=3] tests/e2e/fail_closed_slow.sh
KINDS=${KINDS:-pressure-frozen valve-welded} exec "$(dirname "$0")/fail_closed.sh"
