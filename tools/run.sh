#!/bin/bash
# Shows the main job and leaves the point running until Ctrl-C. Usage: run.sh BUILD-DIRECTORY
exec "$(dirname "$0")/demo.sh" "$1" --stay
