#!/bin/bash
# Copies what was built to where it is used: programs, device profiles, examples of every configuration, units, manual pages, completion,
# documents. Writes nothing outside DESTDIR/PREFIX. Usage: DESTDIR=... PREFIX=/usr install.sh BUILD MAN_FOLDER
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1
man=$2
to=${DESTDIR:-}${PREFIX:-/usr/local}
install -d "$to"/{bin,share/fillgate/profiles,share/fillgate/examples,share/doc/fillgate,share/man/man{1,5,8},share/bash-completion/completions,lib/systemd/system}
for program in fillgated fillgate-reader fillgate-link fillgate-station fillgate-bureau fillgate; do
    install -m 0755 "$build/$program" "$to/bin/$program"
done
install -m 0644 boards/profiles/*.profile "$to/share/fillgate/profiles/"
install -m 0644 boards/sim/*.ini "$to/share/fillgate/examples/"
install -m 0644 boards/generic/systemd/*.service "$to/lib/systemd/system/"
for page in "$man"/*.[158]; do
    install -m 0644 "$page" "$to/share/man/man${page##*.}/"
done
tools/completion.sh "$build" >"$to/share/bash-completion/completions/fillgate"
install -m 0644 README.md LICENSE CHANGELOG.md SECURITY.md docs/*.md proto/PROTOCOL.md "$to/share/doc/fillgate/"
