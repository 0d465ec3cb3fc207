#!/bin/sh
# Installs GitHub's Markdown parser and Mermaid once, into a cache, and holds rendered comments against them.
#
#     run.sh FOLDER   checks every FOLDER/NAME.md, and that it has the tags of FOLDER/NAME.tame where that is there
#
# ALLOTMENT_SDK_CACHE names the cache (default: $HOME/.cache/allotment/sdk), NODE, NPM and PYTHON the programs.
# Exit: 0 all is well, 1 a comment is not, 2 wrong usage, 3 the parsers could not be installed.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../peers.sh
. "$here/../peers.sh"

if [ "$#" -ne 1 ] || [ ! -d "$1" ]; then
    sed -n '4s/^#     /usage: /p' "$0" >&2
    exit 2
fi
needs "$node" "$npm" "$python"
install_js markdown "$here"
install_python markdown "$here"

status=0
with_py "$here/page.py" "$1" || status=1
with_js "$here" chart.mjs "$1" || status=1
exit "$status"
