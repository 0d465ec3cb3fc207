#!/bin/sh
# Installs DuckDB and a driver for PostgreSQL once, into a cache, and runs one of the scripts beside this file with them.
#
#     run.sh SCRIPT [ARGUMENT...]    runs tests/sql/SCRIPT; standard input and output are the script's
#
# ALLOTMENT_SDK_CACHE names the cache (default: $HOME/.cache/allotment/sdk), PYTHON the program. PostgreSQL's own programs must
# be installed (`apt-get install postgresql`): on the path, or below /usr/lib/postgresql.
# Exit: that of the script, 2 wrong usage, 3 something could not be installed or started.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../peers.sh
. "$here/../peers.sh"

if [ "$#" -lt 1 ] || [ ! -f "$here/$1" ]; then
    sed -n '4s/^#     /usage: /p' "$0" >&2
    exit 2
fi
needs "$python"
install_python sql "$here"
script=$1
shift
with_py "$here/$script" "$@"
