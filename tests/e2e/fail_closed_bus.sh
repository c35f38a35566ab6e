#!/bin/bash
# FAIL-CLOSED: the kinds of fail_closed.sh in which a bus, a reader or a button comes loose.
# Usage: BUILD=build/asan [TRIES=3] tests/e2e/fail_closed_bus.sh
KINDS=${KINDS:-bus-unplug bus-silent reader-unplug stop-button-silent} exec "$(dirname "$0")/fail_closed.sh"
