#!/bin/sh
# Runs a server that is published to, or that serves what was published, in the foreground until it is ended.
#
#     run.sh s3 PORT               an S3 server, moto
#     run.sh azure PORT            Microsoft's emulator of Azure, azurite, with a container `bucket` that anybody may read;
#                                  AZURITE_ACCOUNTS is NAME:KEY of its account
#     run.sh nginx PORT ROOT       nginx, which serves the folder ROOT, and takes PUT below /dav/ if it can
#
# ALLOTMENT_SDK_CACHE names the cache (default: $HOME/.cache/allotment/sdk), NODE, NPM and PYTHON the programs. nginx must be
# installed (`apt-get install nginx-light`). Exit: 2 wrong usage, 3 something could not be installed or started.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../peers.sh
. "$here/../peers.sh"

case "${1-} $#" in
"s3 2")
    needs "$python"
    install_python store "$here"
    PYTHONPATH="$py" exec "$python" -B -m moto.server -H 127.0.0.1 -p "$2"
    ;;
"azure 2")
    needs "$node" "$npm" "$python"
    install_js store "$here"
    "$node" "$here/container.mjs" "$2" &
    exec "$node" "$js/node_modules/azurite/dist/src/blob/main.js" --blobHost 127.0.0.1 --blobPort "$2" --inMemoryPersistence --silent \
        --disableTelemetry --skipApiVersionCheck --disableProductStyleUrl
    ;;
"nginx 3")
    nginx=$(command -v nginx || echo /usr/sbin/nginx)
    needs "$nginx"
    work=$(mktemp -d)
    mkdir "$work/dav"
    user=
    [ "$(id -u)" != 0 ] || user='user root;'
    dav=
    "$nginx" -V 2>&1 | grep -q http_dav_module && dav="location /dav/ { root $work; dav_methods PUT DELETE; create_full_put_path on; }"
    # What the documentation tells people to write is what is tried. Its fences are no commands.
    # shellcheck disable=SC2016
    served=$(sed -n '/^```nginx$/,/^```$/p' "$here/../../docs/publishing.md" | sed '/^```/d' |
        sed "s|root /srv/experiments;.*|listen 127.0.0.1:$2; root $3; $dav|")
    case $served in *"root $3;"*) ;; *) echo 'docs/publishing.md has no block for nginx' >&2 && exit 3 ;; esac
    cat >"$work/nginx.conf" <<CONF
$user
worker_processes 1;
master_process off;
daemon off;
error_log stderr warn;
pid $work/nginx.pid;
events { worker_connections 256; }
http {
    access_log off;
    client_body_temp_path $work/body; proxy_temp_path $work/proxy; fastcgi_temp_path $work/fastcgi;
    uwsgi_temp_path $work/uwsgi; scgi_temp_path $work/scgi;
    sendfile on;
$served
}
CONF
    exec "$nginx" -p "$work" -c "$work/nginx.conf"
    ;;
*)
    sed -n '4,7s/^#     /usage: /p' "$0" >&2
    exit 2
    ;;
esac
