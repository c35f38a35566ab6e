#!/bin/bash
# What a packager and a newcomer rely on: the source archive builds without a network, from a folder with a blank in its name, as a user
# without rights; what is installed is complete and stays in its folder; building asks neither apt nor npm. BUILD (build/asan) is where the
# programs are that are installed.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${BUILD:-build/asan}
work=$(mktemp -d "/tmp/fillgate-build-XXXXXX")
OUT=$work/out
trap 'rm -rf "$work"' EXIT
. tests/lib/e2e.sh
version=$(cat VERSION)
unset MAKEFLAGS MAKELEVEL MFLAGS VARIANT # of the make that runs the tests, whose variant is another

# ---- what is made without being built ----

never_asks() { # TARGET: a dry run names no apt and no npm
    make -n "$1" VARIANT=release >"$work/dry" 2>&1 || return 1
    ! grep -nE 'apt-get|dpkg|npm |setup\.sh|page_modules' "$work/dry"
}
check "make programs asks neither apt nor npm" never_asks programs
check "make unit asks neither apt nor npm" never_asks unit
expect "make help has a line for each thing that people call" 0 'make mutation +which changes' make help
every_target_is_told() {
    local target
    make help >"$work/help"
    for target in setup programs run demo test unit e2e browser fuzz coverage mcdc mutation proof lint format bench man install dist clean; do
        grep -qE "^  make $target +[a-z]" "$work/help" || { echo "no $target"; return 1; }
    done
}
check "no target that people call is missing in it" every_target_is_told

# ---- what is installed ----

check "manual pages are made from what the programs say" tools/man_pages.sh "$build" "$work/man"
check "make install's copying goes under DESTDIR" env DESTDIR="$work/root" PREFIX=/usr tools/install.sh "$build" "$work/man"
complete() {
    local path
    for path in bin/fillgated bin/fillgate-reader bin/fillgate-link bin/fillgate-station bin/fillgate-bureau bin/fillgate \
        share/fillgate/profiles/keller-33x.profile share/fillgate/examples/fillgated.ini lib/systemd/system/fillgated.service \
        share/man/man1/fillgate.1 share/man/man8/fillgate-bureau.8 share/man/man5/fillgated.ini.5 \
        share/bash-completion/completions/fillgate share/doc/fillgate/README.md; do
        [ -s "$work/root/usr/$path" ] || { echo "no $path"; return 1; }
    done
}
check "programs, profiles, examples, units, manual pages, completion and documents are there" complete
check "nothing is installed outside of PREFIX" test "$(ls "$work/root")" = usr
for program in fillgated fillgate-reader fillgate-link fillgate-station fillgate-bureau fillgate; do
    expect "$program tells the version of the file VERSION" 0 "^$program $version\$" "$work/root/usr/bin/$program" --version
done
every_command_has_a_page() {
    "$build/fillgate" help --json | jq -r '.commands[] | .family + " " + .verb' |
        while read -r command; do
            grep -qF ".SS \"${command//-/\\-}" "$work/man/fillgate.1" || { echo "no $command"; return 1; }
        done
}
check "every command of fillgate is in its manual page" every_command_has_a_page
groff_is_content() { # as man renders it; what roff complains of is printed
    local page
    for page in "$work"/man/*; do
        [ -z "$(LC_ALL=C.UTF-8 MANROFFSEQ='' man --warnings -E UTF-8 -l -Tutf8 "$page" 2>&1 >/dev/null)" ] || { echo "$page"; return 1; }
    done
}
if command -v man >/dev/null; then check "roff takes every page without a warning" groff_is_content; fi
completed() { # WORDS...: what is offered for the last of them
    bash -c 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _fillgate; echo "${COMPREPLY[@]}"' - \
        "$work/root/usr/share/bash-completion/completions/fillgate" "$@"
}
expect "completion offers families" 0 'bureau' completed fillgate bur
expect "completion offers a family's verbs" 0 'verify' completed fillgate bureau ver
expect "completion offers a command's options" 0 '^--bucket-bits$' completed fillgate list build --bu

# ---- the source archive ----

if git rev-parse --git-dir >/dev/null 2>&1; then
    check "make dist makes a source archive" make dist
    cp "build/fillgate-$version.tar.gz" "$work/first.tar.gz"
    check "made again it has the same bytes" sh -c "make dist && cmp build/fillgate-$version.tar.gz $work/first.tar.gz"
    place="$work/a folder"
    mkdir "$place"
    check "it unpacks into one folder" sh -c "tar -xzf $work/first.tar.gz -C '$place' && [ \"\$(ls '$place')\" = fillgate-$version ]"
    chmod 0755 "$work"
    [ "$(id -u)" -ne 0 ] || chown -R nobody "$place"
    # Root alone can take away rights and the network.
    poor=()
    if unshare -n true 2>/dev/null; then poor=(unshare -n setpriv --reuid=nobody --clear-groups env "HOME=$place"); fi
    expect "a program builds from it: no network, a blank in the path, an ordinary user" 0 "LD   build/release/fillgate-reader" \
        "${poor[@]}" make -C "$place/fillgate-$version" -j2 VARIANT=release build/release/fillgate-reader
    expect "and runs" 0 "^fillgate-reader $version" "$place/fillgate-$version/build/release/fillgate-reader" --version
    expect "the pages are in the archive, with what npm gave them" 0 "GEN  host/bureau/pages" \
        "${poor[@]}" make -C "$place/fillgate-$version" build/gen/web_files.c
fi
count
