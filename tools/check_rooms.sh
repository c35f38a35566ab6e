#!/bin/bash
# Checks the arrows between rooms: who may include whom. Exceptions are named here, with the reason.
set -euo pipefail
status=0
refuse() { # ROOM PATTERN-OF-FORBIDDEN-INCLUDES [PATTERN-OF-ALLOWED]
    local found
    found=$(grep -rnE "#include \"$2" "$1" --include='*.[ch]' | grep -vE "${3:-^$}" || true)
    if [ -n "$found" ]; then
        echo "arrow the wrong way: $found" >&2
        status=1
    fi
}
refuse proto '(firmware|host|boards|tests)/'
refuse firmware '(host|boards|tests)/'
refuse firmware/core '(proto/|firmware/)' '"(proto/types\.h|proto/catalogue/[a-z]+\.def|firmware/core/[a-z_]+\.h)"'
# The command line opens the same files and reader as the controller, and station and bureau hand down lists from the
# same verified store, so they may use those public headers.
refuse host 'firmware/' '^host/(station|bureau|listing)/.*"firmware/list/(list|update)\.h"|^host/cli/.*"firmware/(list/list|journal/journal|journal/[a-z_]+|reader/watch|config/config|link/link_config|clock/clock|core/(rules|fill))\.h"'
refuse host '(boards|tests)/'
refuse boards '(host|tests)/'
[ $status -eq 0 ] && echo "includes between rooms go one way"
exit $status
