#!/bin/sh
# Installs Confidence's pinned local provider for Python once, into a cache, and lets it fetch and resolve what was published.
#
#     run.sh FOLDER SURFACE UNITS FLAGS UNIT_ATTRIBUTE OUT    writes OUT, a line of JSON for each unit and flag
#
# FOLDER is what `allot publish` wrote; nginx serves it on a port of its own for as long as this runs. The secret and the key are in
# CONFIDENCE_CLIENT_SECRET and CONFIDENCE_ENCRYPTION_KEY.
# ALLOTMENT_SDK_CACHE names the cache (default: $HOME/.cache/allotment/sdk), NGINX and PYTHON the programs.
# Exit: 0 done, 1 the provider failed, 2 wrong usage, 3 something could not be installed or started.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../../peers.sh
. "$here/../../peers.sh"
nginx=${NGINX:-nginx}
# It is installed where only the administrator looks.
PATH=$PATH:/usr/sbin

[ "$#" -eq 6 ] || {
    sed -n '4s/^#     /usage: /p' "$0" >&2
    exit 2
}
needs "$python" "$nginx"
install_python confidence "$here"

folder=$(cd "$1" && pwd)
scratch=$(mktemp -d)
port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat >"$scratch/nginx.conf" <<END
daemon off;
master_process off;
pid $scratch/pid;
error_log $scratch/error.log;
events {}
http {
    access_log $scratch/access.log;
    client_body_temp_path $scratch/body;
    proxy_temp_path $scratch/proxy;
    fastcgi_temp_path $scratch/fastcgi;
    uwsgi_temp_path $scratch/uwsgi;
    scgi_temp_path $scratch/scgi;
    default_type application/octet-stream;
    server {
        listen 127.0.0.1:$port;
        root $folder;
    }
}
END
"$nginx" -c "$scratch/nginx.conf" -p "$scratch" -e "$scratch/error.log" &
server=$!
trap 'kill "$server" 2>/dev/null || true; rm -rf "$scratch"' EXIT
"$python" - "$port" <<'END' || exit 3
import socket, sys, time
for _ in range(100):
    try:
        socket.create_connection(("127.0.0.1", int(sys.argv[1])), 1).close()
        sys.exit(0)
    except OSError:
        time.sleep(0.05)
sys.exit(1)
END
status=0
with_py "$here/assign.py" "http://127.0.0.1:$port/$2" "$3" "$4" "$5" >"$6" || status=1
grep -q '\.enc HTTP/1\.1" 200' "$scratch/access.log" || {
    echo "error: nothing was fetched" >&2
    status=1
}
exit "$status"
