#!/bin/bash
# The command line as its users call it: outputs, files, exit codes. BUILD (build/asan) is where the programs are.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${BUILD:-build/asan}
fillgate=$build/fillgate
work=$(mktemp -d /tmp/fillgate-cli-XXXXXX)
trap 'rm -rf "$work"' EXIT
OUT=$work/out
. tests/lib/e2e.sh
export LC_ALL=C.UTF-8 TZ=Asia/Shanghai

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
"$fillgate" key new "$work/next.pem" >/dev/null
expect "a ring without tag keys, which would stop every signed tag, is refused" 2 'no-tag-keys' \
    "$fillgate" key ring-new "$work/ring" --version 1 --list-key "$work/next.pem.pub"
expect "and is made, with a warning, when that is meant" 0 'every signed tag is refused' \
    "$fillgate" key ring-new "$work/ring-none" --version 1 --list-key "$work/next.pem.pub" --no-tag-keys
expect "a ring that leaves out the tag key in use" 0 '^  tag ' \
    "$fillgate" key ring-new "$work/ring" --version 1 --list-key "$work/next.pem.pub" --tag-key "$work/next.pem.pub"
"$fillgate" key ring-sign "$work/ring" --key "$work/bureau.pem" >/dev/null && "$fillgate" key ring-sign "$work/ring" --key "$work/next.pem" >/dev/null
expect "is named by ring-verify" 0 'tags signed with this key are refused: [0-9a-f]{16}' \
    "$fillgate" key ring-verify "$work/ring" --list-key "$work/bureau.pem.pub"

expect "point status without a socket is a wrong call" 2 'give --socket' "$fillgate" point status
expect "point status without fillgated is a failure" 3 'none.sock' "$fillgate" point status --socket "$work/none.sock"
expect "point suspend without fillgated is a failure" 3 'none.sock' "$fillgate" point suspend --socket "$work/none.sock"
expect "a PIN and a date together are a wrong call" 2 'not both' \
    "$fillgate" point sign-in anna --certificate-end 2030-01-01 --pin-file "$work/pin" --socket "$work/none.sock"
printf '12345\n' >"$work/pin" && chmod 600 "$work/pin"
expect "a PIN of five digits is asked of nobody" 3 'must be 6 to 12' "$fillgate" point sign-in anna --pin-file "$work/pin" --socket "$work/none.sock"
expect "a PIN comes from standard input too, and never shows" 3 'none.sock' \
    bash -c 'echo 123456 | "$1" point sign-in anna --socket "$2"' - "$fillgate" "$work/none.sock"
expect "a date that does not exist is a wrong call" 2 'does not exist' \
    "$fillgate" point sign-in anna --certificate-end 2026-02-31 --socket "$work/none.sock"
expect "a code with a small letter is a wrong call" 2 'not one of 0-9' \
    "$fillgate" point manual abc --second bo --socket "$work/none.sock"

csv_head=code,uid,state,medium,first_fill_pending,nominal_kpa,capacity_dl,tare_g,maximum_fill_g,inspection_due,end_of_life,owner,plate
printf '%s\n%s\n%s\n' "$csv_head" 'CN-1,04A1B2C3D4E5F6,in_service,cng,0,20000,700,0,0,2099-01-01,2099-01-01,U1,P1' \
    'CN-2,04A1B2C3D4E5F7,scrapped,cng,0,20000,700,0,0,2099-01-01,2099-01-01,U1,P1' >"$work/registry.csv"
build_list() { # VERSION FILE KEY
    "$fillgate" list build --csv "$work/registry.csv" --rules boards/sim/rules.ini --key "$3" --id l1 --version "$1" \
        --out "$2" --json
}
export -f build_list
export fillgate work
store=(--list "$work/list.db" --key "$work/bureau.pem.pub")
expect "list build signs two rows" 0 '"row_count":2' bash -c 'build_list 1 "$work/1.fgl" "$work/bureau.pem"'
expect "list build says what is missing" 2 'give --csv' "$fillgate" list build
expect "list import puts it into force" 0 'in force: l1 1, 2 rows' "$fillgate" list import "$work/1.fgl" "${store[@]}"
expect "list show gives the row and the proof" 0 'root [0-9a-f]{64}' "$fillgate" list show CN-1 "${store[@]}"
expect "list show in JSON names the vehicle's other cylinder" 0 '"others":\["CN-2"\]' \
    "$fillgate" list show CN-1 "${store[@]}" --json
expect "list show of an absent code proves that, exit 1" 1 'proven not to be' "$fillgate" list show CN-9 "${store[@]}"
expect "list verify" 0 'verified l1 1' "$fillgate" list verify "${store[@]}"
expect "TAMPER-SHOWS: an older list is refused" 1 '"error":"OLD"' bash -c \
    'build_list 2 "$work/2.fgl" "$work/bureau.pem" >"$work/x" && "$fillgate" list import "$work/2.fgl" --list "$work/list.db" \
    --key "$work/bureau.pem.pub" >"$work/x" && "$fillgate" list import "$work/1.fgl" --list "$work/list.db" \
    --key "$work/bureau.pem.pub" --json'
"$fillgate" key new "$work/stranger.pem" >/dev/null
build_list 9 "$work/9.fgl" "$work/stranger.pem" >/dev/null
expect "TAMPER-SHOWS: a list by a stranger's key is refused" 1 'fillgate: ' "$fillgate" list import "$work/9.fgl" "${store[@]}"
expect "LIST-IS-SIGNED: a store asked with another key proves nothing" 1 'fillgate: ' \
    "$fillgate" list show CN-1 --list "$work/list.db" --key "$work/stranger.pem.pub"
expect "asking a store that is not there makes none" 3 'No such file' "$fillgate" list show CN-1 --list "$work/none.db" \
    --key "$work/bureau.pem.pub"

pin='^20000:[0-9a-f]{32}:[0-9a-f]{64}$'
expect "operator pin makes a value for rules from standard input" 0 "$pin" bash -c 'echo 246810 | "$fillgate" operator pin'
expect "each time another, with a salt of its own" 0 '^2$' bash -c \
    'for i in 1 2; do echo 246810 | "$fillgate" operator pin; done | sort -u | wc -l'
expect "what it makes is what openssl derives" 0 '^same$' bash -c '
    IFS=: read -r rounds salt digest < <(echo 246810 | "$fillgate" operator pin)
    made=$(openssl kdf -keylen 32 -kdfopt digest:SHA256 -kdfopt pass:246810 -kdfopt "hexsalt:$salt" -kdfopt "iter:$rounds" PBKDF2)
    [ "$(tr -d ":\n" <<<"${made,,}")" = "$digest" ] && echo same'
expect "a PIN of letters or of five digits is none" 3 '6 to 12 decimal digits' bash -c 'echo 12345 | "$fillgate" operator pin'
expect "a PIN is no argument" 2 'too many' "$fillgate" operator pin 246810
(umask 077 && echo 246810 >"$work/pin")
expect "a PIN from a file" 0 "$pin" "$fillgate" operator pin --pin-file "$work/pin"
chmod 644 "$work/pin"
expect "not from one that others can read" 3 'chmod 600' "$fillgate" operator pin --pin-file "$work/pin"
expect "nor from one that is not there" 3 'No such file' "$fillgate" operator pin --pin-file "$work/nothing"

# at_terminal FIRST SECOND: answers the two questions, each only when it is asked (what comes before is thrown away)
at_terminal() {
    local n=0 question
    rm -f "$work/keys"
    mkfifo "$work/keys"
    : >"$work/screen"
    timeout 30 script -qefc "$fillgate operator pin; echo exit \$?" /dev/null <"$work/keys" >"$work/screen" &
    exec 3>"$work/keys"
    for question in 'New PIN' 'same PIN again'; do
        for _ in $(seq 100); do grep -q "$question" "$work/screen" && break; sleep 0.1; done
        shift $((n > 0))
        echo "$1" >&3
        n=1
    done
    wait $!
    exec 3>&-
    tr -d '\r' <"$work/screen"
}
export -f at_terminal
expect "at a terminal a PIN is asked for twice" 0 "$pin" bash -c 'at_terminal 246810 246810'
expect "and is not to be seen" 1 '^0$' grep -c 246810 "$work/screen"
expect "not the same twice: nothing is made" 0 'not the same twice' bash -c 'at_terminal 246810 246811'
expect "and the command fails" 0 'exit 3' cat "$work/screen"

{
    cat boards/sim/rules.ini
    echo "operator = op-wang, 2030-01-01, card=04900000000A01, pin=$(echo 246810 | "$fillgate" operator pin)"
    echo "operator = op-li,"
} >"$work/operators.ini"
with_operators=(--csv "$work/registry.csv" --rules "$work/operators.ini" --key "$work/bureau.pem" --id l1 --version 4)
expect "a list with operators" 0 'l1 4, 2 rows' "$fillgate" list build "${with_operators[@]}" --out "$work/4.fgl"
expect "its import names them, not what their PINs are checked against" 0 \
    '^  operator op-wang  certificate_end 2030-01-01  card yes  pin yes$' "$fillgate" list import "$work/4.fgl" "${store[@]}"
expect "list show without a code names them too" 0 '^  operator op-li  certificate_end -  card no  pin no$' \
    "$fillgate" list show "${store[@]}"
expect "and as JSON" 0 '"operators":\[\{"operator":"op-wang","certificate_end_day":21915,"card":true,"pin":true\}' \
    "$fillgate" list show --json "${store[@]}"
echo 'operator = op-wang, 2031-01-01' >>"$work/operators.ini"
expect "an operator who stands twice is named by line" 3 'operators.ini:[0-9]+: operator: operator op-wang is listed twice' \
    "$fillgate" list build "${with_operators[@]}" --out "$work/5.fgl"

echo 'CN-3,zz,in_service,cng,0,20000,700,0,0,2099-01-01,,U1,P1' >>"$work/registry.csv"
expect "a wrong row is named by line and column" 3 'registry.csv:4:2: ' bash -c 'build_list 3 "$work/3.fgl" "$work/bureau.pem"'
expect "and nothing is written" 2 'No such file' ls "$work/3.fgl"

expect "journal show without a file is a wrong call" 2 'name the journal' "$fillgate" journal show
expect "journal show of a missing file is a failure" 3 'none.db' "$fillgate" journal show "$work/none.db"
expect "an unknown kind is a wrong call" 2 'not one of BOOT' "$fillgate" journal show "$work/none.db" --kind NONSENSE
expect "an unknown reason is a wrong call" 2 'not the name of a reason' "$fillgate" journal show x --reason NONSENSE
expect "a time that is none is a wrong call" 2 'is not a time' "$fillgate" journal export x --from yesterday
expect "journal verify wants a key" 2 'public key with --key' "$fillgate" journal verify "$work/none.db"

count
