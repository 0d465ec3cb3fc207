#!/bin/sh
# Installs a browser's driver and a search for barriers once, into a cache, and holds pages of results against them.
#
#     run.sh FOLDER   opens every FOLDER/NAME.html, and compares its figures with FOLDER/NAME.json where that is there
#
# CHROMIUM names the browser (default: chromium; where there is none, Debian's is installed), SHOTS a folder for pictures.
# ALLOTMENT_SDK_CACHE names the cache (default: $HOME/.cache/allotment/sdk), NODE and NPM the programs.
# Exit: 0 all is well, 1 a page is not, 2 wrong usage, 3 something could not be installed.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../peers.sh
. "$here/../peers.sh"

if [ "$#" -ne 1 ] || [ ! -d "$1" ]; then
    sed -n '4s/^#     /usage: /p' "$0" >&2
    exit 2
fi
needs "$node" "$npm" "$python"
chromium=${CHROMIUM:-chromium}
if ! command -v "$chromium" >/dev/null; then
    { apt-get update -qq && apt-get install -y -qq chromium; } >&2 || {
        echo "error: \`$chromium\` is not installed, and could not be" >&2
        exit 3
    }
fi
install_js page "$here"

CHROMIUM=$(command -v "$chromium") with_js "$here" look.mjs "$1"
