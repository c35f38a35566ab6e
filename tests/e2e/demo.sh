#!/bin/bash
# The scripted cases of the demo against the programs in BUILD; the simulator's witness must agree.
cd "$(dirname "$0")/../.." || exit 1
exec tools/demo.sh "$BUILD"
