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
cache=${ALLOTMENT_SDK_CACHE:-$HOME/.cache/allotment/sdk}
node=${NODE:-node}
npm=${NPM:-npm}
python=${PYTHON:-python3}

usage() {
    sed -n '4,6s/^#     /usage: /p' "$0" >&2
    exit 2
}

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

install_python() {
    "$python" -m venv "$1" &&
        "$1/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"
}

run_js() {
    script=$1
    shift
    # An ES module finds its packages beside itself; the copy keeps them out of this folder.
    cp "$here/$script" "$js/$script.$$.mjs"
    status=0
    "$node" "$js/$script.$$.mjs" "$@" || status=$?
    rm -f "$js/$script.$$.mjs"
    return "$status"
}

run_python() {
    script=$1
    shift
    "$py/bin/python" -B "$here/$script" "$@"
}

case "$#:${1-}" in
1:--frozen | 1:--freeze | 4:*) ;;
*) usage ;;
esac

for program in "$node" "$npm" "$python"; do
    command -v "$program" >/dev/null || {
        echo "error: \`$program\` is not installed" >&2
        exit 3
    }
done
js=$cache/growthbook-js-$(cat "$here/package.json" "$here/package-lock.json" | digest)
py=$cache/growthbook-python-$({ cat "$here/requirements.txt" && "$python" -VV; } | digest)
install "$js" install_js
install "$py" install_python

if [ "$#" -eq 4 ]; then
    mkdir -p "$3"
    run_js assign.mjs "$1" "$2" "$4" >"$3/growthbook-js.jsonl"
    run_python assign.py "$1" "$2" "$4" >"$3/growthbook-python.jsonl"
else
    status=0
    run_js freeze.mjs "$1" "$here" || status=$?
    run_python freeze.py "$1" "$here" || status=$?
    exit "$status"
fi
