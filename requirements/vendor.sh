#!/bin/sh
# Fetches the files that a libraries.txt lists from the npm index, into its directory.
set -eu
cd "$(dirname "$1")"
fetched=$(mktemp -d)
trap 'rm -rf "$fetched"' EXIT
while read -r file package path sum; do
    case "$file" in "#"*) continue ;; esac
    [ -d "$fetched/$package" ] || {
        mkdir "$fetched/$package"
        npm pack --silent --pack-destination "$fetched/$package" "$package" >/dev/null
        tar -xzf "$fetched/$package"/*.tgz -C "$fetched/$package"
    }
    echo "$sum  $fetched/$package/package/$path" | sha256sum --check --quiet
    cp "$fetched/$package/package/$path" "$file"
done <"$(basename "$1")"
