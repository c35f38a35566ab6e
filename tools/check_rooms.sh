#!/bin/bash
# The floors of the house. A room is a folder of sources. A file may include its own room and rooms on floors below its own, never one on
# the same floor or above: so no include goes up and there is no circle. Walls say in addition which trees a room may use at all. Besides:
# every room has a floor, none has more than 25 files or 4,000 lines, no file name is there twice but main, private and config, and a
# private.h is included by its own room alone. Tests may include everything. Exit code: 0 all of this holds, 1 not; each line that is
# wrong is printed. Usage: check_rooms.sh
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/.."

# FLOOR ROOM WHAT IT IS
floors() {
    cat <<'END'
15 host/bureau                      fillgate-bureau: settings, start, stop
14 host/bureau/server               the listener of the pages, and the table of their routes
13 host/bureau/api/account          the pages' API: signing in, users, the trail
13 host/bureau/api/audit            the pages' API: exports, samples, verifications, proofs
12 host/bureau/api                  the pages' API: one file a subject
12 host/cli/bureau                  fillgate beside the bureau's database: registry, publish, users, verify
12 host/cli/device                  fillgate for devices: keys, rings, joining, station
11 host/bureau/device               what devices may ask of the bureau: journals, reports, joining, lists
11 host/cli/audit                   fillgate over the pages' API: query, export, sample, proof
11 host/cli/point                   fillgate at a filling point: point, panel, journal, list, tag
10 firmware/controller              fillgated: start, control socket, main loop
10 host/bureau/audit                can the bureau's store be believed: walks, cross-checks, proofs
10 host/cli                         the frame of fillgate: finds the command, parses it, prints
 9 firmware/controller/session      one filling point at work: it alone steps the machine and drives the valve
 9 host/bureau/export               what leaves the bureau: exports and samples, signed
 9 host/bureau/schema               the bureau's migrations
 9 host/bureau/watch                what raises alarms: new entries, time
 8 firmware/controller/record       what goes into the journal, and what waits until it can
 8 host/station                     fillgate-station: routes, intake, who is served
 8 host/bureau/history              searching entries, sums by day
 8 host/bureau/web                  the frame of every request to the pages: who asks, what, how it is answered
 7 firmware/config                  fillgated.ini
 7 firmware/controller/decision     from what is sensed to a decision: tag, plant, list, second person
 7 firmware/link                    fillgate-link: entries out, receipts, lists and key rings in
 7 host/bureau/publish              from the registry to a signed list
 7 host/station/up                  the station towards the bureau: forwarding, lists, rosters, its certificate
 7 host/bureau/case                 hazards, from the alarm until somebody else closes them
 7 host/bureau/journal              taking entries in
 7 host/bureau/user                 people: passwords, second factor, sessions, rights
 6 boards/sim                       the simulated filling point
 6 firmware/panel                   the operator's panel: its API, its events, its pages
 6 firmware/reader                  fillgate-reader, and what starts and watches it
 6 host/station/store               what a station keeps: entries, heads, receipts, roster; and verifying it
 6 lib/list/serve                   handing lists, deltas and key rings on
 6 host/bureau/alarm                the table of alarms
 6 host/bureau/registry             cylinders, stations, points and operators as records
 5 firmware/controller/person       who is signed in, and wrong PINs
 5 firmware/journal                 the chained, signed journal
 5 firmware/plant                   the bus: device profiles, readings, the valve's lease
 5 host/pki                         the certificate authority
 5 host/station/base                the station's settings, log and quota
 5 lib/list                         the verified list store, and updating it
 5 lib/net/page                     what any server of pages needs: origin, headers, pairing
 5 proto/hop                        the client's side of both hops: joining, pushing, fetching key rings
 5 proto/point                      between the processes of one point: tag, reader, control socket
 5 proto/proof                      the proof of one entry
 5 host/bureau/trail                the trail, and the ledger of rows that it covers
 4 lib/net                          the HTTPS client
 4 lib/net/server                   the HTTPS server
 4 lib/system                       sets of files, threads and processes as the operating system has them
 4 proto/journal                    entries, chain, heads, receipts, batches
 4 proto/key                        key rings, rosters, joining: the messages
 4 proto/list                       rows, buckets, tree, manifest; list and delta files
 3 boards/sim/plant                 the simulated plant: gas, devices on the bus, faults
 3 boards/sim/tag                   the simulated reader chip and tags
 3 host/bureau/clock                may the bureau's own clock be believed
 3 firmware/clock                   wall time with a floor and a quality
 3 firmware/core                    the decision and the fill state machine, pure
 3 lib/crypto                       keys, signatures, certificates
 2 host/sql                         one SQL interface over SQLite and PostgreSQL
 2 lib/domain                       the words of the trade: types, names, texts
 1 host/bureau/tables               the bureau's tables
 1 lib/base                         errors, files, random numbers, monotonic time, waiting, rates, settings, bytes
END
}

# A room, with all rooms in it, uses these and what is in them alone. The longest that fits counts.
walls() {
    cat <<'END'
lib             lib proto
proto           lib proto
firmware        lib proto firmware
firmware/core   lib/domain
host            lib proto host
host/cli/point  lib proto host firmware
boards/sim      lib proto firmware/journal boards/sim
END
}

status=0
# Of each file: how many lines, and its include lines with their numbers.
find lib proto firmware host boards -type f \( -name '*.[ch]' -o -name '*.def' -o -name '*.proto' -o -name '*.options' \) | sort |
    xargs awk 'FNR == 1 {print "F", FILENAME}
        {lines[FILENAME]++}
        /^[ \t]*#[ \t]*include "/ {split($0, part, "\""); print "I", FILENAME, FNR, part[2]}
        END {for (file in lines) print "L", file, lines[file]}' |
    awk -v floors="$(floors)" -v walls="$(walls)" '
        function room_of(path) {sub(/\/[^\/]*$/, "", path); return path}
        function inside(room, tree) {return room == tree || index(room, tree "/") == 1}
        function wrong(text) {print text > "/dev/stderr"; faults++}
        function may_use(low, high,    i, best, trees, n, tree) {
            for (i = 1; i <= wall_count; i++)
                if (inside(low, wall[i]) && length(wall[i]) > length(best)) {best = wall[i]; trees = wall_trees[i]}
            n = split(trees, tree, " ")
            for (i = 1; i <= n; i++)
                if (inside(high, tree[i])) return 1
            return n == 0
        }
        BEGIN {
            n = split(floors, row, "\n")
            for (i = 1; i <= n; i++) {split(row[i], word, " "); floor[word[2]] = word[1]; if (word[1] > top) top = word[1]}
            wall_count = split(walls, row, "\n")
            for (i = 1; i <= wall_count; i++) {wall[i] = row[i]; sub(/ .*/, "", wall[i]); wall_trees[i] = row[i]; sub(/^[^ ]* +/, "", wall_trees[i])}
        }
        $1 == "F" {
            room = room_of($2); files[room]++
            if (!(room in floor) && !(room in told)) {wrong(room ": a room without a floor (tools/check_rooms.sh)"); told[room] = 1}
            name = $2; sub(/.*\//, "", name)
            if (name in place && name !~ /^(main\.c|private\.h|config\.[ch])$/) wrong($2 ": the name is there already: " place[name])
            place[name] = $2
        }
        $1 == "L" {lines[room_of($2)] += $3}
        $1 == "I" {
            low = room_of($2); high = room_of($4); line = $2 ":" $3 ": includes " $4
            if (low == high) next
            if ($4 ~ /\/private\.h$/) wrong(line ", which is private to its room")
            if (high !~ /\// || !(high in floor)) {wrong(line ", which is in no room"); next}
            if (floor[high] >= floor[low]) wrong(line ": from floor " floor[low] " up to floor " floor[high])
            if (!may_use(low, high)) wrong(line ": " low " may not use " high)
            arrows[low " " high] = 1
        }
        END {
            for (room in floor) {
                if (!(room in files)) wrong(room ": has a floor, but there is no such room")
                if (files[room] > 25) wrong(room ": " files[room] " files; a room has at most 25")
                if (lines[room] > 4000) wrong(room ": " lines[room] " lines; a room has at most 4000")
            }
            for (arrow in arrows) count++
            if (faults > 0) {print "rooms: " faults " to mend" > "/dev/stderr"; exit 1}
            for (room in floor) rooms++
            print rooms " rooms on " top " floors, " count " arrows, all of them down"
        }' || status=1
exit $status
