#!/usr/bin/env bash
# Make the virtual environment in $1 with a Python of at least 3.11, where there is none yet.
# Debian and Ubuntu keep venv and ensurepip in a package of their own: it is installed when that is allowed.
set -euo pipefail

target=$1
if [ -x "$target/bin/python" ] && "$target/bin/python" -m pip --version >/dev/null 2>&1; then
    exit 0
fi

usable() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

python=
for candidate in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11; do
    if [ -n "$candidate" ] && command -v "$candidate" >/dev/null && usable "$candidate"; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    echo "error: Python 3.11 or newer is needed and was not found; name one with PYTHON=/path/to/python3" >&2
    exit 1
fi

if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    version=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    echo "$python has no venv module: installing $version"
    if ! "$(dirname "$0")/apt.sh" "$version"; then
        echo "error: $python cannot make virtual environments; as root run: apt-get install $version" >&2
        exit 1
    fi
fi

"$python" -m venv "$target"
