#!/bin/bash
# FAIL-CLOSED: the kinds of fail_closed.sh in which controller or reader is killed or stopped.
# Usage: BUILD=build/asan [TRIES=3] tests/e2e/fail_closed_controller.sh
KINDS=${KINDS:-controller-kill controller-stop reader-kill reader-stop} exec "$(dirname "$0")/fail_closed.sh"
