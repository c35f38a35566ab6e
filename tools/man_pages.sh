#!/bin/bash
# Makes the manual pages from what the programs say of themselves: fillgate.1 from its table of commands (fillgate help --json), those of the
# daemons from their --help, those of the configuration files from the examples that name every key. Usage: man_pages.sh BUILD OUT_FOLDER
set -euo pipefail
export LC_ALL=C.UTF-8
cd "$(dirname "$0")/.."
build=$1
out=$2
version=$(cat VERSION)
mkdir -p "$out"

# Plain text as roff: no dot or quote begins a line as a request, and a backslash is one.
roff() { sed -e 's/\\/\\e/g' -e 's/-/\\-/g' -e "s/^\([.']\)/\\\\\&\1/"; }

head_of() { # NAME SECTION WHAT-IT-IS
    printf '.TH %s %s "" "fillgate %s"\n.SH NAME\n%s \\- %s\n' "${1^^}" "$2" "$version" "$1" "$3"
}

{
    head_of fillgate 1 "asks and tells filling points, stations and the bureau"
    "$build/fillgate" help --json | jq -r '
        def roff: gsub("\\\\"; "\\e") | gsub("-"; "\\-");
        ".SH SYNOPSIS", (.synopsis | roff), ".SH DESCRIPTION", (.everywhere | roff), ".SH COMMANDS",
        (.commands[] | ".SS \"" + (.family + " " + .verb + (if .arguments == "" then "" else " " + .arguments end) | roff) + "\"",
            (.summary | roff),
            (.options[] | ".TP", "\\fB" + (.name | roff) + "\\fR" + (if .value then " \\fI" + (.value | roff) + "\\fR" else "" end) +
                (if .repeats then " ..." else "" end), (.help | roff))),
        ".SH EXIT STATUS", (.exit_codes | roff)'
    printf '.SH SEE ALSO\nfillgated(8), fillgate\\-link(8), fillgate\\-station(8), fillgate\\-bureau(8)\n'
} >"$out/fillgate.1"

daemon() { # NAME WHAT-IT-IS EXAMPLE
    {
        head_of "$1" 8 "$2"
        printf '.SH SYNOPSIS\n.nf\n'
        "$build/$1" --help | roff
        printf '.fi\n.SH FILES\nIts configuration: %s.ini(5).\n' "${1//-/\\-}"
    } >"$out/$1.8"
    {
        head_of "$1.ini" 5 "the configuration of $1"
        printf '.SH DESCRIPTION\nSections in brackets, a key and its value on a line, comments after a semicolon. An example that has every key:\n.PP\n.nf\n'
        roff <"$3"
        printf '.fi\n'
    } >"$out/$1.ini.5"
}
daemon fillgated "the controller of one filling point" boards/sim/fillgated.ini
daemon fillgate-link "carries journals, lists and keys between a filling point and its station or bureau, and serves the panel" boards/sim/link.ini
daemon fillgate-station "keeps the journals of a station's filling points until the bureau has them, and hands its lists down" boards/sim/station.ini
daemon fillgate-bureau "takes journals in, publishes lists and serves the bureau's pages" boards/sim/bureau.ini
