#!/bin/bash
# A clerk's work from the command line on SQLite and on PostgreSQL: import, changes and their history, a decree, publishing
# here and signed on another machine. What is in the database is looked up with sqlite3 and psql. BUILD (build/asan).
set -u
cd "$(dirname "$0")/../.." || exit 1
build=$PWD/${BUILD:-build/asan}
postgres=$PWD/tests/lib/postgres.sh
fillgate=$build/fillgate
work=$(mktemp -d /tmp/fillgate-registry-XXXXXX)
server=
trap '[ -n "$server" ] && "$postgres" stop "$server"; rm -rf "$work"' EXIT
export LC_ALL=C.UTF-8 TZ=Asia/Shanghai
OUT=$work/out
. tests/lib/e2e.sh
cd "$work" || exit 1

# holds NAME WHAT SQL: another program's look at the database
holds() {
    local got
    if [ "$kind" = SQLite ]; then
        got=$(sqlite3 "file:$work/bureau.db?mode=ro" "$3")
    else
        got=$(psql -X -A -t -d "$database" -c "$3")
    fi
    if [ "$got" = "$2" ]; then
        ok "$1"
    else
        bad "$1: \"$got\", wanted \"$2\""
    fi
}
day() { echo $(($(TZ=UTC date -d "$1" +%s) / 86400)); }
registry() { timeout 60 "$fillgate" registry "$@" --database "$database"; }

header=code,uid,state,medium,nominal_kpa,inspection_due,end_of_life,owner,plate,area,note
{
    echo $header
    echo 'HZ-1,04AABBCCDDEEFF,in_service,cng,20000,2027-02-28,2035-01-01,HZGAS,浙E10001,north,kept'
    echo 'HZ-2,,in_service,cng,20000,2028-02-29,,HZGAS,浙E10001,south,'
    echo 'HZ-3,,suspended,cng,20000,,,"Gas, ""Inc""",,south,'
    echo 'HZ-4,,in_service,lpg,,2027-02-28,,OTHER,,north,'
} >good.csv
{
    echo $header
    echo 'HZ-1,04AABBCCDDEEFF,in_service,cng,20000,2027-02-28,,HZGAS,,north,'
    echo 'hz-2,,in_service,cng,20000,2027-02-30,,HZGAS,,north,'
    echo 'HZ-3,,flying,cng,20000,,,HZGAS,,north,'
    echo 'HZ-4,,lost,cng'
} >bad.csv
printf '[rules]\nstation = ST-1\nmedia = cng\n' >rules.ini
"$fillgate" key new list.pem >/dev/null

import_and_history() {
    expect "a CSV with faults is refused: line and column of a code" 3 '^bad.csv:3:1: ' registry import cylinder bad.csv --why first
    expect "of a date" 3 '^bad.csv:3:6: ' registry import cylinder bad.csv --why first
    expect "of a word" 3 '^bad.csv:4:3: .*in_service, suspended' registry import cylinder bad.csv --why first
    expect "of a short line" 3 '^bad.csv:5:0: ' registry import cylinder bad.csv --why first
    holds "nothing of it is imported" 0 "SELECT COUNT(*) FROM cylinder"
    expect "nobody imports without a reason" 3 'why' registry import cylinder good.csv
    expect "a dry run says what it would do" 0 '4 .*, 4 ' registry import cylinder good.csv --why first --dry-run
    holds "and does nothing" 0 "SELECT COUNT(*) FROM cylinder"
    expect "a good CSV is imported" 0 '4 .*, 4 ' registry import cylinder good.csv --why first --who wang
    holds "every record is there" 4 "SELECT COUNT(*) FROM cylinder"
    holds "texts as they were written, dates as days" "浙E10001|$(day 2027-02-28)" \
        "SELECT plate, inspection_due FROM cylinder WHERE code = 'HZ-1'"
    holds "quotes and commas too" 'Gas, "Inc"' "SELECT owner FROM cylinder WHERE code = 'HZ-3'"
    holds "with who and why" "wang|first|4" "SELECT MIN(who), MAX(why), COUNT(*) FROM change WHERE kind = 'cylinder'"
    expect "the same once more changes nothing" 0 '4 .*, 0 ' registry import cylinder good.csv --why again
    holds "and is no history" 4 "SELECT COUNT(*) FROM change"
    expect "one field is changed" 0 ' 1 ' registry set cylinder HZ-1 --field state=scrapped --why "cut up" --who li
    holds "the change has old and new, who, why and when" "state|in_service|scrapped|li|cut up|1" \
        "SELECT field, old_value, new_value, who, why, CASE WHEN at_ms > 1700000000000 THEN 1 ELSE 0 END FROM change
         WHERE subject = 'HZ-1' AND number = 2"
    expect "the history shows it" 0 'state: "in_service" -> "scrapped" +\(li: cut up\)' registry history cylinder HZ-1
    expect "and as JSON" 0 '"old":"in_service","new":"scrapped"' registry history cylinder HZ-1 --json
    expect "a record is shown" 0 '^state +scrapped' registry show cylinder HZ-1
    expect "an absent one is not there" 1 'HZ-9' registry show cylinder HZ-9
    expect "a field that is none is named" 2 'colour' registry set cylinder HZ-1 --field colour=red --why x
    expect "a value that cannot be says what it must be" 3 'in_service, suspended' registry set cylinder HZ-1 --field state=gone --why x
    expect "SQL in a key is only a bad code" 3 'code' registry set cylinder "X'; DROP TABLE cylinder; --" --field state=lost --why x
    expect "SQL in a reason is only a text" 0 ' 1 ' registry set cylinder HZ-3 --field state=lost --why "'); DELETE FROM change; --"
    holds "kept as it was given" "'); DELETE FROM change; --" "SELECT why FROM change WHERE subject = 'HZ-3' AND number = 2"
    registry list cylinder >list.csv
    expect "the list as CSV imports again and changes nothing" 0 '4 .*, 0 ' registry import cylinder list.csv --why again
    expect "operators and points are records too" 0 ' 5 ' registry set operator op-1 --field name=王 --field certificate_end=2027-01-01 \
        --field station=ST-1 --why hired
    holds "in their own table" "王|ST-1" "SELECT name, station FROM operator"
    expect "Chinese texts" 0 '个字段已修改' env LC_ALL=zh_CN.UTF-8 "$fillgate" registry set cylinder HZ-4 --field tare_g=15000 --why x \
        --database "$database"
}

decree() {
    expect "a decree is tried first: how many, and which" 0 'HZ-2 +2028-02-29 -> 2027-02-28' \
        registry redate inspection_due --medium cng --months -12 --why "decree 7"
    holds "nothing has moved" "$(day 2028-02-29)" "SELECT inspection_due FROM cylinder WHERE code = 'HZ-2'"
    expect "then applied" 0 '^2 ' registry redate inspection_due --medium cng --months -12 --why "decree 7" --apply
    holds "29 February becomes 28" "$(day 2027-02-28)" "SELECT inspection_due FROM cylinder WHERE code = 'HZ-2'"
    holds "other media stay" "$(day 2027-02-28)" "SELECT inspection_due FROM cylinder WHERE code = 'HZ-4'"
    holds "no date stays none" 0 "SELECT inspection_due FROM cylinder WHERE code = 'HZ-3'"
    holds "the decree is the reason of each" 2 "SELECT COUNT(*) FROM change WHERE why = 'decree 7' AND field = 'inspection_due'"
    registry set cylinder HZ-2 --field made=2012-05-31 --why "read from its collar" >/dev/null
    expect "service life counts from manufacture" 0 '^1 ' registry redate end_of_life --made-months 180 --made-until 2014-12-31 \
        --why "decree 8" --apply
    holds "for one that had no such date, not for those made nobody knows when" "HZ-2|$(day 2027-05-31)" \
        "SELECT code, end_of_life FROM cylinder WHERE end_of_life > 0 AND code <> 'HZ-1'"
    expect "months are a number" 2 'whole number' registry redate end_of_life --made-months many --why x
    expect "what is no date is not moved" 2 'plate' registry redate plate --months 1 --why x
    expect "without months or a day: refused" 2 'months' registry redate end_of_life --why x
}

publish() { timeout 60 "$fillgate" bureau publish "$@" --insist --lists "lists-$kind" --database "$database"; }

clock_told() {
    rm -f doubtful
    if "$fillgate" bureau prepare ST-1 doubtful --database "$database" >told 2>&1; then [ -e doubtful ]; else grep -q 'not synchronised; set it right' told && [ ! -e doubtful ]; fi
}
publishing() {
    mkdir "lists-$kind"
    expect "a station that nobody knows has no list" 3 'ST-1' publish ST-1 --key list.pem
    expect "a station gets its rules from a file" 0 ' 9 ' registry set station ST-1 --field rules=@rules.ini --field list_medium=cng \
        --why opened
    expect "its list is published" 0 'ST-1 1, 3 ' publish ST-1 --key list.pem
    holds "and recorded" "ST-1|1|3" "SELECT list_id, version, row_count FROM list_version"
    expect "nothing changed: not published again" 0 'ST-1: ' publish --key list.pem
    expect "except by force" 0 'ST-1 2, 3 ' publish ST-1 --key list.pem --force
    registry set cylinder HZ-2 --field state=lost --why stolen >/dev/null
    expect "a change is published" 0 'ST-1 3, 3 ' publish --key list.pem
    "$fillgate" list import "lists-$kind/ST-1/3.fgl" --list "in-$kind.db" --key list.pem.pub >out 2>&1 || cat out
    expect "a controller takes it and sees the change" 0 'state LOST' "$fillgate" list show HZ-2 --list "in-$kind.db" \
        --key list.pem.pub
    expect "signing elsewhere: prepared here" 0 'next' "$fillgate" bureau prepare ST-1 next --insist --database "$database"
    expect "signed there, seeing what is signed" 0 'ST-1 4, 3 ' "$fillgate" key sign-manifest next signed --key list.pem
    registry set cylinder HZ-2 --field state=in_service --why found >/dev/null
    expect "not when the registry changed meanwhile" 3 'prepare and sign again' publish ST-1 --signed signed --list-key list.pem.pub
    registry set cylinder HZ-2 --field state=lost --why "not found" >/dev/null
    expect "else published here" 0 'ST-1 4, 3 ' publish ST-1 --signed signed --list-key list.pem.pub
    "$fillgate" key new other.pem >/dev/null 2>&1
    "$fillgate" bureau prepare ST-1 next --insist --database "$database" >/dev/null
    "$fillgate" key sign-manifest next strange --key other.pem >/dev/null
    expect "another key's signature is none" 1 'not trusted' publish ST-1 --signed strange --list-key list.pem.pub
    check "a clock that is not synchronised is told, and dates nothing unless insisted on" clock_told
    holds "four versions are recorded, no more" "4|4" "SELECT COUNT(*), MAX(version) FROM list_version"
}

operators() {
    expect "a station's operators are signed with its rules" 0 '^  operator op-1  certificate_end 2027-01-01  card no  pin no$' \
        "$fillgate" list show --list "in-$kind.db" --key list.pem.pub
    expect "an operator shows that there is no PIN" 0 '^pin +no$' registry show operator op-1
    expect "nobody sets a PIN without a reason" 2 'why' registry pin op-1
    expect "a PIN is set from standard input" 0 'op-1: PIN set' bash -c 'echo 246810 | "$0" registry pin op-1 --database "$1" \
        --why "first PIN" --who wang' "$fillgate" "$database"
    expect "five digits are none" 3 '6 to 12' bash -c 'echo 24681 | "$0" registry pin op-1 --database "$1" --why x' "$fillgate" "$database"
    expect "for nobody there is none" 3 'op-9' bash -c 'echo 246810 | "$0" registry pin op-9 --database "$1" --why x' "$fillgate" "$database"
    expect "an operator shows that there is one" 0 '^pin +yes$' registry show operator op-1
    expect "also as JSON" 0 '"pin":true' registry show operator op-1 --json
    expect "the history says so, and no more" 0 '  pin set  \(wang: first PIN\)$' registry history operator op-1
    holds "what is kept is salted and slow" "20000|16|32" "SELECT pin_rounds, length(pin_salt), length(pin_digest) FROM operator
        WHERE operator = 'op-1'"
    holds "and in no text of the history" "" "SELECT old_value || new_value FROM change WHERE field = 'pin set'"
    expect "the list of operators has no PINs" 0 '^operator,name,card_uid,certificate_end,station$' registry list operator
    expect "and imports again" 0 '1 .*, 0 ' bash -c '"$0" registry list operator --database "$1" >ops.csv &&
        "$0" registry import operator ops.csv --database "$1" --why again' "$fillgate" "$database"
    printf 'operator,pin,certificate_end,station\nop-1,246810,2027-01-01,ST-1\n' >pins.csv
    expect "a CSV with PINs is refused" 3 '^pins.csv:1:2: column pin' registry import operator pins.csv --why x
    expect "a PIN is news for the list" 0 'ST-1 5, 3 ' publish --key list.pem
    expect "once" 0 'ST-1: ' publish --key list.pem
    expect "who signs elsewhere sees the operators" 0 '^  operator op-1 .* pin yes$' bash -c '"$0" bureau prepare ST-1 next --insist \
        --database "$1" && "$0" key sign-manifest next signed --key list.pem' "$fillgate" "$database"
    "$fillgate" list import "lists-$kind/ST-1/5.fgl" --list "in-$kind.db" --key list.pem.pub >out 2>&1 || cat out
    expect "a controller has it" 0 '^  operator op-1 .* pin yes$' "$fillgate" list show --list "in-$kind.db" --key list.pem.pub
    expect "a PIN is taken away" 0 'op-1: PIN cleared' registry pin op-1 --clear --why "lost his phone"
    expect "once, too" 0 'op-1: has no PIN' registry pin op-1 --clear --why "lost his phone"
    expect "that is news as well" 0 'ST-1 6, 3 ' publish --key list.pem
    {
        echo operator,certificate_end,station
        for n in $(seq -w 2 34); do echo "op-$n,2030-01-01,ST-1"; done
    } >many.csv
    registry import operator many.csv --why "a merger" >/dev/null
    expect "more operators than rules can carry are not published" 3 'station ST-1: it has 34 operators' publish --key list.pem
    printf 'operator = op-1, 2030-01-01\n' | cat rules.ini - >rules-with.ini
    expect "rules of the registry have none of their own" 3 'without operators' registry set station ST-1 \
        --field rules=@rules-with.ini --why x
    expect "Chinese texts" 0 '没有 PIN' env LC_ALL=zh_CN.UTF-8 "$fillgate" registry pin op-1 --clear --why x --database "$database"
}

all() {
    echo "  -- $kind"
    import_and_history
    decree
    publishing
    operators
    rm -f other.pem other.pem.pub next signed strange
}

kind=SQLite
database=sqlite:$work/bureau.db
all
expect "the database is its owner's alone" 0 '^600$' stat -c %a bureau.db
sqlite3 bureau.db "INSERT INTO schema_version (number, name) VALUES (99, 'future')"
expect "a database of a newer program is left alone" 3 'newer program' registry list cylinder

kind=PostgreSQL
server=$work-pg
database=$("$postgres" start "$server") || { server=; echo "PostgreSQL cannot be started"; exit 1; }
all
"$postgres" stop "$server"
server=
expect "a server that is away is told, in time" 3 'cannot connect' registry list cylinder
count
