#!/bin/sh
# Installs GitHub's Markdown parser and Mermaid once, into a cache, and holds rendered comments against them.
#
#     run.sh FOLDER   checks every FOLDER/NAME.md, and that it has the tags of FOLDER/NAME.tame where that is there
#
# ALLOTMENT_SDK_CACHE names the cache (default: $HOME/.cache/allotment/sdk), NODE, NPM and PYTHON the programs.
# Exit: 0 all is well, 1 a comment is not, 2 wrong usage, 3 the parsers could not be installed.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cache=${ALLOTMENT_SDK_CACHE:-$HOME/.cache/allotment/sdk}
node=${NODE:-node}
npm=${NPM:-npm}
python=${PYTHON:-python3}

if [ "$#" -ne 1 ] || [ ! -d "$1" ]; then
    sed -n '4s/^#     /usage: /p' "$0" >&2
    exit 2
fi
for program in "$node" "$npm" "$python"; do
    command -v "$program" >/dev/null || {
        echo "error: \`$program\` is not installed" >&2
        exit 3
    }
done

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

js=$cache/markdown-js-$(cat "$here/package.json" "$here/package-lock.json" | digest)
py=$cache/markdown-python-$({ cat "$here/requirements.txt" && "$python" -VV; } | digest)
install "$js" install_js
install "$py" install_python

status=0
"$py/bin/python" -B "$here/page.py" "$1" || status=1
# An ES module finds its packages beside itself; the copy keeps them out of this folder.
cp "$here/chart.mjs" "$js/chart.$$.mjs"
"$node" "$js/chart.$$.mjs" "$1" || status=1
rm -f "$js/chart.$$.mjs"
exit "$status"
