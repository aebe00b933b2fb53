#!/bin/sh
# Brings the Debian packages that the tests need: installs what is missing where it may.
set -eu
missing=""
while read -r command package; do
    case "$command" in "" | "#"*) continue ;; esac
    # shellcheck disable=SC2086 (a path may have a version in it, which `*` stands for)
    command -v $command >/dev/null 2>&1 || missing="$missing $package"
done <"$(dirname "$0")/debian-packages.txt"
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    as=none
elif [ "$(id -u)" = 0 ]; then
    as=""
elif sudo -n true 2>/dev/null; then
    as="sudo -n"
else
    as=none
fi
if [ "$as" = none ]; then
    echo "The tests need these packages, which only root can install: apt-get install$missing" >&2
    exit 2
fi
export DEBIAN_FRONTEND=noninteractive
$as apt-get update -qq
# shellcheck disable=SC2086 (each word is one package)
$as apt-get install -qq -y --no-install-recommends $missing >/dev/null
