# What the end-to-end tests share: counting, telling, waiting. To be sourced, with OUT naming a file for what commands print.
# Not: a test, nor the programs under test (tools/point.sh, tools/city.sh).
# shellcheck shell=bash
passed=0
failed=0
export PATIENT=yes # tools/point.sh: none of these tests is about how soon a point finds something broken (fail_closed.sh is)

ok() { # NAME
    passed=$((passed + 1))
    echo "  ok   $1"
}

bad() { # NAME
    failed=$((failed + 1))
    echo "  FAIL $1"
}

check() { # NAME COMMAND...: the command succeeds
    local name=$1
    shift
    if "$@" >"$OUT" 2>&1; then
        ok "$name"
    else
        bad "$name"
        tail -n 25 "$OUT" | cut -c 1-300 | sed 's/^/       /'
    fi
}

expect() { # NAME EXIT-CODE PATTERN COMMAND...: PATTERN (extended regular expression) is in what is printed
    local name=$1 code=$2 pattern=$3 got
    shift 3
    if [ "$(type -t "$1")" = function ]; then "$@" >"$OUT" 2>&1; else timeout 180 "$@" >"$OUT" 2>&1; fi
    got=$?
    if [ $got -eq "$code" ] && grep -qE -- "$pattern" "$OUT"; then
        ok "$name"
    else
        bad "$name: exit $got (expected $code), wanted /$pattern/ in:"
        head -n 20 "$OUT" | sed 's/^/       /'
    fi
}

told() { # NAME PATTERN TEXT: PATTERN (extended regular expression) is in the text
    if grep -qE -- "$2" <<<"$3"; then
        ok "$1"
    else
        bad "$1: no '$2' in: $3"
    fi
}

until_true() { # SECONDS COMMAND...: as long as a quiet machine needs; a busy one is given six times that
    local left=$(($1 * 60))
    shift
    while [ $left -gt 0 ]; do
        "$@" && return 0
        left=$((left - 1))
        sleep 0.1
    done
    return 1
}

daemon_start() { # DIRECTORY PROGRAM INI: its pid and log stand in the directory
    local program
    program=$(realpath "$2")
    (cd "$1" && exec "$program" --config "$3") </dev/null >>"$1/$(basename "$2").log" 2>&1 &
    echo $! >"$1/$(basename "$2").pid"
}

daemon_stop() { # DIRECTORY PROGRAM
    local pid
    pid=$(cat "$1/$(basename "$2").pid")
    kill -TERM "$pid"
    for _ in $(seq 150); do
        kill -0 "$pid" 2>/dev/null || return 0
        sleep 0.1
    done
    return 1
}

bureau_files() { # DATABASE-URL: a bureau in the current directory, to be started with its bureau.ini; lines that are
    # appended to that go to [lists] first. $fillgate is the program.
    "$fillgate" ca init ca --name test >"$OUT" && "$fillgate" bureau enrol bureau --ca ca --name 127.0.0.1 --name localhost >"$OUT" &&
        "$fillgate" key new receipt.pem >"$OUT" && "$fillgate" key new list.pem >"$OUT" || return 1
    cat >bureau.ini <<END
[database]
url = $1
[server]
address = 127.0.0.1
port = 0
certificate = bureau/tls.pem
key = bureau/tls.key
ca = ca/ca.pem
[keys]
receipt_key = receipt.pem
list_key = list.pem.pub
[enrolment]
ca_directory = ca
[lists]
directory = lists
END
}

files_known() { # OWNER DIRECTORY: tests/sim/tamper_files.txt names every file that is in it now; prints those that it does not
    local unknown
    unknown=$(find "$2" -mindepth 1 ! -type d -printf '%P\n' |
        grep -vxEf <(sed -nE "s/^$1 ([^ ]+) .*/\1/p" tests/sim/tamper_files.txt | sed 's/\./\\./g; s/\*/[^\/]*/g'))
    [ -z "$unknown" ] || { echo "not in tests/sim/tamper_files.txt, $1:"; echo "$unknown"; return 1; }
}

count() { # the last line of a test; its result is that of the test
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}
