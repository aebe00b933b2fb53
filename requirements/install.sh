#!/bin/sh
# Installs pinned requirements and this project into a virtual environment.
#
#     requirements/install.sh .venv requirements/runtime.txt
#
# uv takes seconds where pip takes a minute. Where uv has no wheel, or does not reach the index that
# pip is configured for, pip installs the same files.
set -eu
environment=$1
requirements=$2
installer=$(dirname "$0")/installer.txt

with_pip() { "$environment/bin/python" -m pip --disable-pip-version-check --no-input "$@"; }

with_uv() {
    index=${PIP_INDEX_URL:-$(with_pip config get global.index-url 2>/dev/null || true)}
    [ -z "$index" ] || export UV_DEFAULT_INDEX="${UV_DEFAULT_INDEX:-$index}"
    [ -z "${PIP_CERT:-}" ] || export SSL_CERT_FILE="${SSL_CERT_FILE:-$PIP_CERT}"
    "$environment/bin/uv" "$@" --python "$environment/bin/python"
}

echo "Installing $requirements into $environment …"
if with_pip install --quiet --only-binary :all: --require-hashes -r "$installer" &&
    with_uv pip install --require-hashes -r "$requirements"; then
    with_uv pip install --no-deps --no-build-isolation --editable .
else
    echo "Installing with pip instead of uv, which takes some minutes …"
    with_pip install --require-hashes -r "$requirements"
    with_pip install --no-deps --no-build-isolation --editable .
fi
