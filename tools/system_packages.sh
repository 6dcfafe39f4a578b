#!/usr/bin/env bash
# The programs that tests use and pip cannot bring. Installs what is missing with apt-get where it may (root, or sudo
# without a password); elsewhere names it and stops.
set -euo pipefail

missing=()
need() { command -v "$1" >/dev/null || missing+=("$2"); }
need dot graphviz
need spin spin
command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || missing+=(chromium)
need gcc gcc
need npm npm
need nvim neovim

[ ${#missing[@]} -eq 0 ] && exit 0

as=none
if command -v apt-get >/dev/null; then
    if [ "$(id -u)" -eq 0 ]; then
        as=env
    elif sudo -n true 2>/dev/null; then
        as="sudo -n env"
    fi
fi
if [ "$as" = none ]; then
    echo "The tests need these packages (named as in Debian), and this script may not install them: ${missing[*]}" >&2
    exit 1
fi
$as apt-get update -qq
$as DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
