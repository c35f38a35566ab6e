#!/bin/bash
# A PostgreSQL server for a benchmark or an end-to-end test: postgres.sh start DIRECTORY (new, is made) prints the URL; postgres.sh stop DIRECTORY.
# Durable settings as installed (fsync on); a Unix socket only.
set -euo pipefail
programs=/usr/lib/postgresql/15/bin
directory=$2
as() { # PostgreSQL refuses to run as root
    if [ "$(id -u)" -eq 0 ]; then
        (cd "$directory" && setpriv --reuid=postgres --regid=postgres --clear-groups "$@")
    else
        "$@"
    fi
}
case $1 in
start)
    mkdir -p "$directory"
    [ "$(id -u)" -ne 0 ] || chown postgres:postgres "$directory"
    chmod 700 "$directory"
    as $programs/initdb -D "$directory/data" -A trust -U bench -E UTF8 --no-sync >/dev/null
    as $programs/pg_ctl -D "$directory/data" -l "$directory/server.log" -w -t 60 \
        -o "-c listen_addresses= -k $directory -c shared_buffers=256MB -c max_wal_size=4GB" start >/dev/null
    as $programs/createdb -h "$directory" -U bench bench
    echo "postgresql:///bench?host=$directory&user=bench"
    ;;
stop)
    as $programs/pg_ctl -D "$directory/data" -m immediate -w stop >/dev/null
    rm -rf "$directory"
    ;;
esac
