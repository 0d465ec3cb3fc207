#!/bin/sh
# Installs the pinned GrowthBook SDKs once, into a cache, and asks both about what a server has, or about the frozen answers.
#
#     run.sh URL CLIENT_KEY UNITS OUTDIR UNIT_ATTRIBUTE   writes what each assigns, as OUTDIR/growthbook-{js,python}.jsonl,
#                                                         and the exposures it tracks, as OUTDIR/growthbook-{js,python}.csv
#     run.sh --frozen                                     checks vectors.json and conditions.json against both SDKs
#     run.sh --freeze                                     writes the answers in vectors.json and conditions.json anew
#
# The SDKs fetch URL/api/features/CLIENT_KEY.
# ALLOTMENT_SDK_CACHE names the cache (default: $HOME/.cache/allotment/sdk), NODE, NPM and PYTHON the programs.
# Exit: 0 done, 1 the SDKs or the frozen answers disagree, 2 wrong usage, 3 the SDKs could not be installed.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../../peers.sh
. "$here/../../peers.sh"

usage() {
    sed -n '4,7s/^#     run/usage: run/p' "$0" >&2
    exit 2
}

case "$#:${1-}" in
1:--frozen | 1:--freeze | 5:*) ;;
*) usage ;;
esac

needs "$node" "$npm" "$python"
install_js growthbook "$here"
install_python growthbook "$here"

if [ "$#" -eq 5 ]; then
    cp "$here/../lines.mjs" "$js/lines.mjs"
    mkdir -p "$4"
    with_js "$here" assign.mjs "$1" "$2" "$3" "$5" "$4/growthbook-js.csv" >"$4/growthbook-js.jsonl" &
    javascript=$!
    with_py "$here/assign.py" "$1" "$2" "$3" "$5" "$4/growthbook-python.csv" >"$4/growthbook-python.jsonl"
    wait "$javascript"
else
    status=0
    with_js "$here" freeze.mjs "$1" "$here" || status=$?
    with_py "$here/freeze.py" "$1" "$here" || status=$?
    exit "$status"
fi
