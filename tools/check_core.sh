#!/bin/bash
# Proves that firmware/core is freestanding: its objects may need only each other and memcpy-like functions.
# Usage: check_core.sh LIBCORE
set -euo pipefail
allowed='^(memcpy|memset|memmove|memcmp|__stack_chk_fail)$'
defined=$(nm --defined-only "$1" | awk 'NF == 3 {print $3}' | sort -u)
needed=$(nm --undefined-only "$1" | awk '$1 == "U" {print $2}' | sort -u)
foreign=$(comm -13 <(echo "$defined") <(echo "$needed") | grep -Ev "$allowed" || true)
if [ -n "$foreign" ]; then
    echo "firmware/core needs what it must not: $foreign" >&2
    exit 1
fi
if [ -z "$defined" ]; then
    echo "firmware/core: $1 defines nothing" >&2
    exit 1
fi
bad=$(grep -nE '#include <' firmware/core/*.[ch] | grep -vE '<(stdint|stdbool|stddef|string|assert)\.h>' || true)
if [ -n "$bad" ]; then
    echo "firmware/core includes what it must not: $bad" >&2
    exit 1
fi
echo "firmware/core needs only memcpy-like functions"
