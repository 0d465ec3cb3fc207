#!/bin/sh
# Installs the pinned statistics packages once, into a cache, and runs one of the scripts beside this file with them.
#
#     run.sh SCRIPT [ARGUMENT...]    runs tests/stats/SCRIPT; standard input and output are the script's
#
# ALLOTMENT_STATS_CACHE names the cache (default: $HOME/.cache/allotment/stats), PYTHON the program.
# Exit: that of the script, 2 wrong usage, 3 the packages could not be installed.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cache=${ALLOTMENT_STATS_CACHE:-$HOME/.cache/allotment/stats}
python=${PYTHON:-python3}

if [ "$#" -lt 1 ] || [ ! -f "$here/$1" ]; then
    sed -n '4s/^#     /usage: /p' "$0" >&2
    exit 2
fi
command -v "$python" >/dev/null || {
    echo "error: \`$python\` is not installed" >&2
    exit 3
}
# A digest of the pins and the interpreter names the folder, so that another of either is another installation.
digest=$({ cat "$here/requirements.txt" && "$python" -VV; } |
    "$python" -c 'import hashlib, sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest()[:16])')
target=$cache/python-$digest
if [ ! -d "$target" ]; then
    # It is built beside its place and moved there whole: an interrupted installation leaves nothing, two at once do no harm.
    mkdir -p "$cache"
    building=$(mktemp -d "$cache/building.XXXXXX")
    if ! { "$python" -m venv "$building" &&
        "$building/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"; } >&2; then
        rm -rf "$building"
        echo "error: could not install into $target" >&2
        exit 3
    fi
    mv "$building" "$target" 2>/dev/null || rm -rf "$building"
    [ -d "$target" ] || exit 3
fi
script=$1
shift
exec "$target/bin/python" -B "$here/$script" "$@"
