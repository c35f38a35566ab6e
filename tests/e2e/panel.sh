#!/bin/bash
# The operator's panel of a real filling point, asked with curl: who is heard and who is not, a whole fill through it, and that neither
# killing nor flooding the link changes anything in a running fill. BUILD (build/asan) is where the programs are.
set -u
cd "$(dirname "$0")/../.." || exit 1
export BUILD=${BUILD:-build/asan}
DIR=$(mktemp -d /tmp/fillgate-e2e-panel-XXXXXX)
export DIR SPEED=${SPEED:-25} LC_ALL=C.UTF-8 TZ=Asia/Shanghai
fillgate=$BUILD/fillgate
socket=$DIR/control.sock
streams=()
finish() {
    local pid
    for pid in "${streams[@]}"; do kill "$pid" 2>/dev/null; done
    tools/point.sh panel-kill
    tools/point.sh stop
    tools/point.sh sim-stop
    rm -rf "$DIR"
}
trap finish EXIT
OUT=$DIR/out
. tests/lib/e2e.sh
sim() { "$BUILD/fillgate-sim" --dir "$DIR" send "$1" >/dev/null; }
phase() { "$fillgate" point status --json --socket "$socket" | sed -E 's/.*"phase":"([A-Z_]+)".*/\1/'; }
wait_phase() {
    for _ in $(seq 900); do
        [ "$(phase)" = "$1" ] && return 0
        sleep 0.1
    done
    echo "the point does not come to $1 but is in $(phase)"
    return 1
}

# ---- asking the panel ----
jar=$DIR/jar
url=
tls=()
ask() { curl -sS --max-time 20 "${tls[@]}" "$@"; }
status() { ask -o "$DIR/answer" -w '%{http_code}' "$@"; }
is() { # STATUS CURL-ARGUMENTS...
    local wanted=$1 got
    shift
    got=$(status "$@")
    [ "$got" = "$wanted" ] || { echo "answered $got, not $wanted: $(cat "$DIR/answer")"; return 1; }
}
open_session() {
    token=$(ask -b "$jar" -c "$jar" "$url/session" | sed -nE 's/.*"token":"([0-9a-f]{32})".*/\1/p')
    sequence=$(ask -b "$jar" "$url/session" | sed -nE 's/.*"sequence":([0-9]+).*/\1/p')
    [ -n "$token" ]
}
post() { # STATUS BODY: a command as the page sends it, but for origin and type if they are set
    is "$1" -b "$jar" -H "Origin: ${origin:-$url}" -H "X-Fillgate-Token: $token" -H "Content-Type: ${type:-application/json}" -d "$2" "$url/command"
}
command() { # NAME MORE-MEMBERS: done
    sequence=$((sequence + 1))
    post 200 "{\"sequence\":$sequence,\"command\":\"$1\"${2:-}}" && grep -q '"done":true' "$DIR/answer" || { cat "$DIR/answer"; return 1; }
}
listen() { # FILE: an event stream into it
    curl -sS -N "${tls[@]}" -b "$jar" "$url/events" >"$1" 2>/dev/null &
    streams+=($!)
}
told() { # FILE PATTERN: comes within 90 s
    for _ in $(seq 900); do
        grep -q -- "$2" "$1" && return 0
        sleep 0.1
    done
    echo "never told: $2; last: $(tail -n 3 "$1" | cut -c 1-400)"
    return 1
}

tools/point.sh prepare || exit 1
tools/point.sh panel || exit 1
url=$(sed 's|/$||' "$DIR/panel.url")
gone() { open_session && ask -N --max-time 2 -b "$jar" "$url/events" >"$DIR/gone" 2>/dev/null; grep -q 'event: gone' "$DIR/gone" && ! grep -q 'event: state' "$DIR/gone"; }
check "the panel comes up without fillgated, and says that it is gone" gone
tools/point.sh sim || exit 1
tools/point.sh renew || exit 1

# ---- who is heard ----
headers() {
    ask -D - -o /dev/null "$url/" | tr -d '\r' >"$DIR/headers"
    grep -q "^Content-Security-Policy: default-src 'none'; script-src 'self'" "$DIR/headers" &&
        grep -q '^X-Content-Type-Options: nosniff' "$DIR/headers" && grep -q '^Referrer-Policy: no-referrer' "$DIR/headers"
}
check "the page is served" is 200 "$url/"
check "with strict headers" headers
check "a strange Host (DNS rebinding) is 403" is 403 -H 'Host: evil.example' "$url/"
check "a session is given" open_session
origin=http://evil.example check "a strange Origin is 403" post 403 '{"sequence":1,"command":"stop"}'
check "no token is 403" is 403 -b "$jar" -H "Origin: $url" -H 'Content-Type: application/json' -d '{"sequence":1,"command":"stop"}' "$url/command"
check "no session is 401" is 401 -H "Origin: $url" -H "X-Fillgate-Token: $token" -H 'Content-Type: application/json' -d '{}' "$url/command"
type=text/plain check "another type is 415" post 415 '{"sequence":1,"command":"stop"}'
check "too large a body is 413" post 413 "$(head -c 1100 /dev/zero | tr '\0' ' ')"
check "a malformed body is 400" post 400 '{"sequence":1,"command":'
check "an unknown member is 400" post 400 '{"sequence":1,"command":"stop","path":"/etc/shadow"}'
check "a command is carried out" command sign_out
check "the same again is 409" post 409 "{\"sequence\":$sequence,\"command\":\"sign_out\"}"
rest() { ! "$fillgate" point status --json --socket "$socket" | grep -q '"operator":"op-wang"'; }
check "and the operator is out" rest

# ---- a whole fill ----
sign_in() { "$fillgate" point sign-in op-wang --certificate-end 2030-01-01 --socket "$socket" >/dev/null; }
check "an operator is in" sign_in
listen "$DIR/events"
check "state and board are told at once" told "$DIR/events" '"display":"READY"'
refused() {
    sim "present scrapped" && told "$DIR/events" '"display":"REFUSED"' && told "$DIR/events" '"reasons":\["SCRAPPED"' && sim remove
}
check "a scrapped cylinder is told as refused" refused
whole() {
    sim "connect good" && sim "present good" && told "$DIR/events" '"display":"PRE_CHECK"' &&
        command check ',"checks":7,"failed":false' && command start && told "$DIR/events" '"display":"FILLING"' &&
        wait_phase POST_CHECK && told "$DIR/events" '"display":"POST_CHECK"' && command check ',"checks":1,"failed":false' &&
        told "$DIR/events" '"display":"DONE"' && sim remove && sim disconnect
}
check "a fill from tag to done through the panel" whole
check "the page is told of gas" grep -q '"progress_permille":[1-9]' "$DIR/events"

# ---- the link killed and flooded while gas flows ----
start_fill() { # CYLINDER; hardly any gas flows until end_fill, however long a busy machine takes
    sim "speed 2" && sim "connect $1" && sim "present $1" && wait_phase PRE_CHECK && "$fillgate" point check --socket "$socket" >/dev/null &&
        "$fillgate" point start --socket "$socket" >/dev/null && wait_phase FILLING
}
end_fill() { # reached its target, whatever happened to the link
    sim "speed $SPEED" && wait_phase POST_CHECK && "$fillgate" point check --socket "$socket" >/dev/null && wait_phase IDLE
    "$fillgate" journal show --journal "$DIR/journal.db" --json 2>/dev/null | grep '"kind":"ENDED"' | tail -n 1 | tee "$DIR/ended" | grep -q 'TARGET_REACHED' &&
        sim remove && sim disconnect && return
    cat "$DIR/ended" >&2
    return 1
}
killed() {
    start_fill second && sleep 0.5 && tools/point.sh panel-kill && [ "$(phase)" = FILLING ] && end_fill
}
check "kill -9 of the link in a fill changes nothing: the fill goes on to its target" killed
# The sanitizer's own keeping of freed memory is not what the flood is to show.
back() { ASAN_OPTIONS=${ASAN_OPTIONS:-}:quarantine_size_mb=1:thread_local_quarantine_size_kb=16 tools/point.sh panel && [ "$(sed 's|/$||' "$DIR/panel.url")" = "$url" ] && open_session; }
check "the link comes back at the same address; the page gets a new session" back
rss() { sed -nE 's/^VmRSS:\s+([0-9]+) kB/\1/p' "/proc/$(cat "$DIR/link.pid")/status"; }
flood() {
    local n before after pids=()
    # A page that is open keeps its session, whoever floods.
    listen "$DIR/pinned" && told "$DIR/pinned" 'event: state' || return 1
    ask -o /dev/null "$url/session?[1-300]"
    before=$(rss)
    start_fill third || return 1
    for n in 1 2 3 4; do
        curl -s -o /dev/null --max-time 30 "$url/session?[1-1500]" & pids+=($!)
        curl -s -o /dev/null --max-time 30 -H "Origin: $url" -H 'Content-Type: application/json' -d '{"sequence":1,"command":"stop"}' \
            "$url/command?[1-1500]" & pids+=($!)
    done
    for n in $(seq 60); do
        sequence=$((sequence + 1))
        status -b "$jar" -H "Origin: $url" -H "X-Fillgate-Token: $token" -H 'Content-Type: application/json' \
            -d "{\"sequence\":$sequence,\"command\":\"recheck\"}" "$url/command" >>"$DIR/flooded"
        echo >>"$DIR/flooded"
    done
    [ "$(phase)" = FILLING ] || echo "the fill is over before the flood" >&2
    wait "${pids[@]}"
    after=$(rss)
    echo "answers: $(sort "$DIR/flooded" | uniq -c | tr '\n' ' '); memory before $before kB, after $after kB"
    ! grep -qv '^\(200\|429\)$' "$DIR/flooded" && end_fill && [ $((after - before)) -lt 20480 ]
}
check "a flood from loopback is bounded in memory and leaves a running fill alone" flood
full_rate() { # more at once than a session may send
    local config=$DIR/config n
    open_session || return 1
    for n in $(seq 60); do
        [ "$n" -gt 1 ] && echo next
        printf 'url = "%s/command"\ncookie = "%s"\noutput = "/dev/null"\nwrite-out = "%%{http_code}\\n"\n' "$url" "$jar"
        printf 'header = "Origin: %s"\nheader = "X-Fillgate-Token: %s"\nheader = "Content-Type: application/json"\n' "$url" "$token"
        printf 'data = "{\\"sequence\\":%d,\\"command\\":\\"recheck\\"}"\n' $((sequence + n))
    done >"$config"
    ask -K "$config" >"$DIR/codes"
    sequence=$((sequence + 60))
    grep -q '^429$' "$DIR/codes" && grep -q '^200$' "$DIR/codes" && sleep 1 && command stop
}
check "too many commands at once are 429; stop works on" full_rate

# ---- HTTPS and pairing ----
beyond() {
    tools/point.sh panel-stop
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$DIR/panel.key" -out "$DIR/panel.pem" -days 30 \
        -subj /CN=panel.example -addext subjectAltName=DNS:panel.example 2>/dev/null || return 1
    chmod 600 "$DIR/panel.key"
    printf 'certificate = panel.pem\nkey = panel.key\nnames = panel.example\n' >"$DIR/panel.ini"
    rm "$DIR/panel-link.ini"
    PANEL=0.0.0.0:0 tools/point.sh panel || return 1
    local port
    port=$(sed -E 's|.*:([0-9]+)/$|\1|' "$DIR/panel.url")
    url=https://panel.example:$port
    tls=(--cacert "$DIR/panel.pem" --resolve "panel.example:$port:127.0.0.1")
    jar=$DIR/jar-https
    open_session && is 401 -b "$jar" "$url/events"
}
check "beyond loopback there is HTTPS, and who is not paired is told nothing" beyond
plain() {
    printf '[controller]\ncontrol_socket = control.sock\n[panel]\nlisten = 0.0.0.0:0\n' >"$DIR/plain.ini"
    sed -nE '/^\[(files|times|deadlines)\]/,/^$/p' "$DIR/panel-link.ini" >>"$DIR/plain.ini"
    "$BUILD/fillgate-link" --check "$DIR/plain.ini" >"$DIR/plain" 2>&1
    [ $? -eq 2 ] && grep -q HTTPS "$DIR/plain" || { cat "$DIR/plain"; return 1; }
}
check "beyond loopback there is no plain HTTP" plain
pair() { # STATUS CODE
    is "$1" -b "$jar" -c "$jar" -H "Origin: $url" -H 'Content-Type: application/json' -d "{\"code\":\"$2\"}" "$url/pair"
}
paired() {
    local code
    code=$("$fillgate" panel pair --config "$DIR/panel-link.ini" --json | sed -E 's/.*"code":"([0-9]{8})".*/\1/')
    pair 403 00000000 && pair 200 "$code" && pair 403 "$code" && command stop && listen "$DIR/paired" && told "$DIR/paired" 'event: state'
}
check "a code made at the controller pairs a browser, once" paired
held() { # whoever is not paired holds connections and says nothing; the answer comes sooner than such a one is cut
    local fd fds=() done
    for _ in $(seq 60); do { exec {fd}<>"/dev/tcp/127.0.0.1/${url##*:}"; } 2>/dev/null && fds+=("$fd"); done
    sequence=$((sequence + 1))
    curl -sS --max-time 4 "${tls[@]}" -b "$jar" -H "Origin: $url" -H "X-Fillgate-Token: $token" -H 'Content-Type: application/json' \
        -d "{\"sequence\":$sequence,\"command\":\"stop\"}" "$url/command" | grep -q '"done":true'
    done=$?
    for fd in "${fds[@]}"; do exec {fd}<&-; done
    [ ${#fds[@]} -ge 30 ] && return $done
}
check "BAD-INPUT-IS-SAFE: 60 silent connections do not keep the stop button" held
unpaired() {
    local id
    id=$("$fillgate" panel devices --config "$DIR/panel-link.ini" --json | sed -nE 's/.*"id":"([0-9a-f]{12}).*/\1/p')
    [ -n "$id" ] && "$fillgate" panel unpair "$id" --config "$DIR/panel-link.ini" && post 401 "{\"sequence\":$((sequence + 1)),\"command\":\"stop\"}"
}
check "and a device that is ended is out at once" unpaired
owned() { # root works in another user's directory with no more than that user's rights
    [ "$(id -u)" -eq 0 ] || return 0
    chmod 711 "$DIR" && install -d -o 65534 -g 65534 -m 700 "$DIR/owned" && install -d -m 700 "$DIR/vault" || return 1
    sed "s|^work = .*|work = $DIR/owned|" "$DIR/panel-link.ini" >"$DIR/owned.ini"
    "$fillgate" panel pair --config "$DIR/owned.ini" && [ "$(stat -c '%u %a' "$DIR/owned/panel/pairing-code")" = '65534 600' ] || return 1
    rm -r "$DIR/owned/panel" && ln -s "$DIR/vault" "$DIR/owned/panel" && ! "$fillgate" panel pair --config "$DIR/owned.ini" && [ -z "$(ls "$DIR/vault")" ]
}
check "BAD-INPUT-IS-SAFE: \`panel pair\` run as root does as the link's user" owned
no_devices() { "$fillgate" panel devices --config "$DIR/panel-link.ini" --json | grep -q '"devices":\[\]'; }
check "no device is left" no_devices
secrets() { # modes, and nothing of codes and PINs in logs
    [ "$(stat -c %a "$DIR/link/panel")" = 700 ] && ! grep -qE 'pin|"code"' "$DIR/fillgate-link.log" &&
        ! "$fillgate" panel unpair 0123456 --config "$DIR/panel-link.ini" && ! "$fillgate" panel pair
}
check "what is kept is the link's alone, and the log has no secrets" secrets

count
