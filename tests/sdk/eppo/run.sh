#!/bin/sh
# Installs the pinned Eppo SDKs, and Datadog's reader of the same format, once, into a cache, and asks them.
#
#     run.sh URL UNITS OUTDIR UNIT_ATTRIBUTE AT    writes what each of them assigns, as OUTDIR/eppo-{js,python,datadog}.jsonl,
#                                                  and the exposures they log, as OUTDIR/eppo-{js,python}.csv
#     run.sh --frozen                              checks conditions.json against both SDKs
#     run.sh --freeze                              writes the answers in conditions.json anew
#
# The SDKs fetch URL/flag-config/v1/config; their clock begins at AT, such as "2027-02-01 00:00:00", by `faketime`.
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
install_js eppo "$here"
install_python eppo "$here"

if [ "$#" -eq 5 ]; then
    needs faketime
    cp "$here/../lines.mjs" "$js/lines.mjs"
    mkdir -p "$3"
    # A clock that moves on from there; what measures lengths of time is left alone.
    at() {
        TZ=UTC FAKETIME_DONT_FAKE_MONOTONIC=1 faketime -f "@$when" "$@"
    }
    # What the SDK for Node says of itself would stand among its answers.
    export LOG_LEVEL=silent
    when=$5
    real_node=$node
    node=at_node
    at_node() {
        at "$real_node" "$@"
    }
    real_python=$python
    python=at_python
    at_python() {
        at "$real_python" "$@"
    }
    with_js "$here" assign.mjs "$1" "$2" "$4" "$3/eppo-js.csv" >"$3/eppo-js.jsonl" &
    javascript=$!
    with_py "$here/assign.py" "$1" "$2" "$4" "$3/eppo-python.csv" >"$3/eppo-python.jsonl" &
    of_python=$!
    with_js "$here" datadog.mjs "$1" "$2" "$4" >"$3/eppo-datadog.jsonl"
    wait "$javascript"
    wait "$of_python"
else
    status=0
    with_js "$here" freeze.mjs "$1" "$here" || status=$?
    with_py "$here/freeze.py" "$1" "$here" || status=$?
    exit "$status"
fi
