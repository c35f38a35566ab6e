# A city's directories as programs before left them: databases of their schemas, the files that enrolment wrote then, no rosters and
# heads. To be sourced; everything is stopped. Not: a test. Relies on: sqlite3, tests/data/schema.
# shellcheck shell=bash

old_database() { # FILE SCHEMA LEFT-OUT-TABLE...: made by that schema's own text, and filled with what FILE has
    local file=$1 schema=$2 leave=" schema_version ${*:3} " table columns
    sqlite3 "$file" "PRAGMA wal_checkpoint(TRUNCATE)" >/dev/null && mv "$file" "$file.now" && rm -f "$file-wal" "$file-shm" || return 1
    sqlite3 -bail "$file" <"$schema" || return 1
    {
        echo "ATTACH '$file.now' AS now; BEGIN;"
        sqlite3 "$file" "SELECT name FROM sqlite_schema WHERE type = 'table'" | while read -r table; do
            case $leave in *" $table "*) continue ;; esac
            columns=$(sqlite3 "$file" "SELECT group_concat('\"' || name || '\"') FROM pragma_table_info('$table')")
            echo "DELETE FROM main.$table; INSERT INTO main.$table ($columns) SELECT $columns FROM now.$table;"
        done
        echo "COMMIT;"
    } | sqlite3 -bail "$file" || return 1
    chmod --reference="$file.now" "$file" && rm -f "$file.now" "$file.now-wal" "$file.now-shm"
}

old_files() { # FOLDER: what was joined stands there itself, and there are no tag keys
    local file
    for file in "$1"/*.pem "$1"/*.pub; do
        [ -L "$file" ] && [[ $(readlink "$file") == joined/* ]] || continue
        cp --remove-destination "$(readlink -f "$file")" "$file" || return 1
    done
    rm -rf "$1"/joined "$1"/joined.* "$1"/tag-*.pub
}

old_settings() { # FILE: without the keys that came since
    sed -i -E '/^(verify_every_h|quota_bytes|certificate_days_min|publish_insist|below_tare_max_g) = /d; s/^renew_days = .*/renew_days = 30/' "$1"
}

old_city() { # CITY
    local folder
    # People's trail has no rows of what they changed; codes of then join nobody now.
    old_database "$1/bureau/bureau.db" tests/data/schema/bureau-14.sql enrol_code trail trail_head trail_tip web_session verified finding || return 1
    old_database "$1/station/station.db" tests/data/schema/station-2.sql || return 1
    rm -f "$1"/station/station.db.heads "$1"/station/station.db.witness "$1"/station/station.db.roster "$1"/station/keyring.bin
    for folder in "$1"/station "$1"/point-*; do old_files "$folder" || return 1; done
    for folder in bureau/bureau station/station point-1/point point-1/link point-2/point point-2/link; do old_settings "$1/$folder.ini"; done
}
