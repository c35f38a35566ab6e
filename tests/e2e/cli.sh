#!/bin/bash
# The command line as its users call it: outputs, files, exit codes. BUILD (build/asan) is where the programs are.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${BUILD:-build/asan}
fillgate=$build/fillgate
work=$(mktemp -d /tmp/fillgate-cli-XXXXXX)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C.UTF-8 TZ=Asia/Shanghai
passed=0
failed=0

# expect NAME EXIT-CODE PATTERN COMMAND...: PATTERN (extended regular expression) must be in what is printed.
expect() {
    local name=$1 code=$2 pattern=$3 got
    shift 3
    timeout 60 "$@" >"$work/out" 2>&1
    got=$?
    if [ $got -eq "$code" ] && grep -qE -- "$pattern" "$work/out"; then
        passed=$((passed + 1))
        echo "  ok   $name"
    else
        failed=$((failed + 1))
        echo "  FAIL $name: exit $got (expected $code), wanted /$pattern/ in:"
        head -n 20 "$work/out"
    fi
}

expect "help lists every family" 0 'point +status' "$fillgate" --help
expect "help of one command names its options" 0 '--certificate-end DATE' "$fillgate" point sign-in --help
expect "help in Chinese" 0 '充装点' env LC_ALL=zh_CN.UTF-8 "$fillgate" point --help
expect "no command is a wrong call" 2 'a command is missing' "$fillgate"
expect "an unknown command is a wrong call" 2 'no command "nonsense"' "$fillgate" nonsense
expect "an unknown verb is a wrong call" 2 'no command "nonsense"' "$fillgate" key nonsense
expect "an unknown option is a wrong call" 2 'no option --nonsense' "$fillgate" key show --nonsense x
expect "a missing argument is a wrong call" 2 'FILE is missing' "$fillgate" key new
expect "one argument too many is a wrong call" 2 'too many' "$fillgate" key new a b

expect "key new makes a pair" 0 '^key id [0-9a-f]{16}$' "$fillgate" key new "$work/bureau.pem"
expect "the private key is readable by its owner only" 0 '^600$' stat -c %a "$work/bureau.pem"
expect "openssl reads the private key" 0 'prime256v1' openssl ec -in "$work/bureau.pem" -noout -text
expect "openssl reads the public key" 0 'prime256v1' openssl pkey -pubin -in "$work/bureau.pem.pub" -noout -text
expect "key new never overwrites" 3 'exists' "$fillgate" key new "$work/bureau.pem"
expect "key show of the public half" 0 '"key_id":"[0-9a-f]{16}"' "$fillgate" key show "$work/bureau.pem.pub" --json
expect "key show of the private half shows no secret" 0 '^key id' "$fillgate" key show "$work/bureau.pem"
openssl ecparam -name prime256v1 -genkey -noout -out "$work/openssl.pem" 2>/dev/null
expect "a key made by openssl is read" 0 '^key id' "$fillgate" key show "$work/openssl.pem"
chmod 644 "$work/openssl.pem"
expect "a private key that others can read is refused" 3 'chmod 600' "$fillgate" key show "$work/openssl.pem"
expect "a missing key file is a failure, in JSON too" 3 '"error":"NOT_FOUND"' "$fillgate" key show "$work/none" --json

expect "point status without a socket is a wrong call" 2 'give --socket' "$fillgate" point status
expect "point status without fillgated is a failure" 3 'none.sock' "$fillgate" point status --socket "$work/none.sock"
expect "a date that does not exist is a wrong call" 2 'does not exist' \
    "$fillgate" point sign-in anna --certificate-end 2026-02-31 --socket "$work/none.sock"
expect "a code with a small letter is a wrong call" 2 'none of 0-9' \
    "$fillgate" point manual abc --second bo --socket "$work/none.sock"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
