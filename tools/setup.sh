#!/bin/bash
# Installs the Debian 12 packages that building, running and testing fillgate need. Quiet and quick when nothing is missing.
set -euo pipefail

# PACKAGES: others instead of those, for what only some need.
packages=(${PACKAGES:-build-essential pkg-config clang clang-format libclang-rt-14-dev cppcheck gcovr
    libnfc-dev libnfc-bin libmodbus-dev mbpoll jq libsqlite3-dev sqlite3 libmbedtls-dev openssl
    nanopb libnanopb-dev libinih-dev libcjson-dev libargon2-dev procps
    libmicrohttpd-dev libgnutls28-dev libhttp-parser-dev libcurl4-gnutls-dev libpq-dev postgresql curl faketime
    chromium nodejs fonts-noto-cjk pngquant})
# Some builds of nodejs bring npm along, and Debian's package would not stand beside them.
command -v npm >/dev/null || packages+=(npm)

missing=()
for package in "${packages[@]}"; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
        echo "setup: missing packages: ${missing[*]}; run as root or install sudo" >&2
        exit 1
    }
    as_root=(sudo)
fi
echo "setup: installing ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
if ! "${as_root[@]}" apt-get update -qq >"$log" 2>&1 ||
    ! "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >>"$log" 2>&1; then
    tail -n 20 "$log" >&2
    exit 1
fi
