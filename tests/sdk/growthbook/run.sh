#!/bin/sh
# Installs the pinned GrowthBook SDKs once, into a cache, and runs both over a payload or over the frozen answers.
#
#     run.sh PAYLOAD UNITS OUTDIR UNIT_ATTRIBUTE   writes OUTDIR/growthbook-js.jsonl and OUTDIR/growthbook-python.jsonl
#     run.sh --frozen                              checks vectors.json and conditions.json against both SDKs
#     run.sh --freeze                              writes the answers in vectors.json and conditions.json anew
#
# ALLOTMENT_SDK_CACHE names the cache (default: $HOME/.cache/allotment/sdk), NODE, NPM and PYTHON the programs.
# Exit: 0 done, 1 the SDKs or the frozen answers disagree, 2 wrong usage, 3 the SDKs could not be installed.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../../peers.sh
. "$here/../../peers.sh"

usage() {
    sed -n '4,6s/^#     /usage: /p' "$0" >&2
    exit 2
}

case "$#:${1-}" in
1:--frozen | 1:--freeze | 4:*) ;;
*) usage ;;
esac

needs "$node" "$npm" "$python"
install_js growthbook "$here"
install_python growthbook "$here"

if [ "$#" -eq 4 ]; then
    mkdir -p "$3"
    with_js "$here" assign.mjs "$1" "$2" "$4" >"$3/growthbook-js.jsonl"
    with_py "$here/assign.py" "$1" "$2" "$4" >"$3/growthbook-python.jsonl"
else
    status=0
    with_js "$here" freeze.mjs "$1" "$here" || status=$?
    with_py "$here/freeze.py" "$1" "$here" || status=$?
    exit "$status"
fi
