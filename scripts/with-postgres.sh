#!/usr/bin/env bash
# usage: scripts/with-postgres.sh COMMAND [ARGUMENT…]
# Runs a command with TEST_DATABASE_URL naming a throw-away PostgreSQL server, and removes the server
# afterwards, however the command ends. A server that is already named is used as it is.
set -euo pipefail

[ $# -gt 0 ] || { sed -n '2,4s/^# //p' "$0" >&2; exit 2; }
[ -z "${TEST_DATABASE_URL:-}" ] || exec "$@"

bin="$("$(dirname "$0")/postgres-bin.sh")"
# Each of some hundred tests creates a database of some hundred files, which costs a file system on a disk several
# times the processor time. In memory, the databases that exist at the same time need less than 1 GB.
base="${TMPDIR:-/tmp}"
memory_kib="$(df --output=avail /dev/shm 2>/dev/null | tail -n 1 || true)"
[ "${memory_kib:-0}" -lt 2000000 ] || [ ! -w /dev/shm ] || base=/dev/shm
folder="$(mktemp -d "$base/gaiterguard-postgres.XXXXXX")"
as_owner=()
if [ "$(id -u)" -eq 0 ]; then
  # PostgreSQL refuses to run as root.
  chown nobody:nogroup "$folder"
  as_owner=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
fi

stop() {
  (cd "$folder" && "${as_owner[@]}" "$bin/pg_ctl" -D "$folder/data" -m immediate -s stop >/dev/null 2>&1) || true
  rm -rf "$folder"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

port="$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"
cd_back="$PWD"
cd "$folder"
"${as_owner[@]}" "$bin/initdb" -D data -U postgres --auth=trust -E UTF8 --locale=C --no-sync >initdb.log 2>&1 || {
  cat initdb.log >&2; exit 1
}
# The tests kill the gateway, never this server, and its data is thrown away afterwards, so the server
# can trade safety against a power cut for speed.
options="-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories=$folder"
options+=" -c max_wal_size=256MB -c max_connections=500 -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
"${as_owner[@]}" "$bin/pg_ctl" -D data -s -w -t 60 -l data/server.log -o "$options" start >/dev/null || {
  cat data/server.log >&2; exit 1
}
cd "$cd_back"

export TEST_DATABASE_URL="postgres://postgres@127.0.0.1:$port/postgres"
"$@"
