#!/bin/sh
# Installs the pinned statistics packages once, into a cache, and runs one of the scripts beside this file with them.
#
#     run.sh SCRIPT [ARGUMENT...]    runs tests/stats/SCRIPT; standard input and output are the script's
#
# ALLOTMENT_SDK_CACHE names the cache (default: $HOME/.cache/allotment/sdk), PYTHON the program.
# Exit: that of the script, 2 wrong usage, 3 the packages could not be installed.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../peers.sh
. "$here/../peers.sh"

if [ "$#" -lt 1 ] || [ ! -f "$here/$1" ]; then
    sed -n '4s/^#     /usage: /p' "$0" >&2
    exit 2
fi
needs "$python"
install_python stats "$here"
script=$1
shift
with_py "$here/$script" "$@"
