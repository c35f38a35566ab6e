#!/bin/bash
# Prints bash's completion of `fillgate`, made from its table of commands. Usage: completion.sh BUILD
set -euo pipefail
export LC_ALL=C.UTF-8
"$1/fillgate" help --json | jq -r '
    "# Completion of fillgate " + .version + ", made from its table of commands.",
    "_fillgate() {",
    "    local word=${COMP_WORDS[COMP_CWORD]} words= call=\"${COMP_WORDS[1]-} ${COMP_WORDS[2]-}\"",
    "    if [ \"$COMP_CWORD\" -eq 1 ]; then",
    "        words=\"" + ([.commands[].family] | unique | join(" ")) + " help version\"",
    "    elif [ \"$COMP_CWORD\" -eq 2 ]; then",
    "        case ${COMP_WORDS[1]} in",
    (.commands | group_by(.family)[] | "        " + .[0].family + ") words=\"" + ([.[].verb] | join(" ")) + "\" ;;"),
    "        esac",
    "    elif [[ $word == -* ]]; then",
    "        case $call in",
    (.commands[] | "        \"" + .family + " " + .verb + "\") words=\"" + ([.options[].name, "--json", "--help"] | join(" ")) + "\" ;;"),
    "        esac",
    "    fi",
    "    if [ -n \"$words\" ]; then",
    "        mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")",
    "    else",
    "        mapfile -t COMPREPLY < <(compgen -f -- \"$word\")",
    "    fi",
    "}",
    "complete -o filenames -F _fillgate fillgate"'
