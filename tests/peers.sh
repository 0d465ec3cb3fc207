# Installs the packages of a peer once, into a cache; sourced by the scripts that run peers, each from its own folder.
#
# ALLOTMENT_SDK_CACHE names the cache (default: $HOME/.cache/allotment/sdk), NODE, NPM and PYTHON the programs.
# shellcheck shell=sh

cache=${ALLOTMENT_SDK_CACHE:-$HOME/.cache/allotment/sdk}
node=${NODE:-node}
npm=${NPM:-npm}
python=${PYTHON:-python3}

# needs PROGRAM...: ends with 3 unless each is there.
needs() {
    for program in "$@"; do
        command -v "$program" >/dev/null || {
            echo "error: \`$program\` is not installed" >&2
            exit 3
        }
    done
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
    mkdir -p "$(dirname "$target")"
    building=$(mktemp -d "$(dirname "$target")/building.XXXXXX")
    if ! "$@" "$building" >&2; then
        rm -rf "$building"
        echo "error: could not install into $target" >&2
        exit 3
    fi
    mv "$building" "$target" 2>/dev/null || rm -rf "$building"
    [ -d "$target" ] || exit 3
}

# install_js NAME FOLDER: the packages of FOLDER/package-lock.json; `js` is then where they are.
install_js() {
    js=$cache/$1-js-$(cat "$2/package.json" "$2/package-lock.json" | digest)
    from=$2
    install "$js" from_npm
}

from_npm() {
    cp "$from/package.json" "$from/package-lock.json" "$1/" &&
        (cd "$1" && "$npm" ci --ignore-scripts --no-audit --no-fund --loglevel=error)
}

# install_python NAME FOLDER: the packages of FOLDER/requirements.txt; `py` is then where they are. They are installed by
# path and not into an environment of its own: that one would remember the folder it was built in.
install_python() {
    py=$cache/$1-pypi-$({ cat "$2/requirements.txt" && "$python" -VV; } | digest)
    from=$2
    install "$py" from_pypi
}

from_pypi() {
    "$python" -m pip install --quiet --no-warn-conflicts --disable-pip-version-check --root-user-action=ignore --target "$1" --requirement "$from/requirements.txt"
}

# with_py SCRIPT ARGUMENT...: runs a script of Python with the packages in `py`.
with_py() {
    PYTHONPATH="$py" "$python" -B "$@"
}

# with_js FOLDER SCRIPT ARGUMENT...: runs a module of a folder with the packages in `js`. A module finds its packages beside
# itself; the copy keeps them out of the folder.
with_js() {
    copy=$js/$2.$$.mjs
    cp "$1/$2" "$copy"
    shift 2
    status_of_js=0
    "$node" "$copy" "$@" || status_of_js=$?
    rm -f "$copy"
    return "$status_of_js"
}
