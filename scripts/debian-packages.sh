#!/usr/bin/env bash
# usage: scripts/debian-packages.sh PACKAGE…
# Installs the named Debian packages that are lacking; where that is not possible it says which.
set -euo pipefail

lacking=()
for package in "$@"; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || lacking+=("$package")
done
[ ${#lacking[@]} -gt 0 ] || exit 0

run=()
if [ "$(id -u)" -ne 0 ]; then
  sudo -n true 2>/dev/null || { echo "please install: ${lacking[*]}" >&2; exit 1; }
  run=(sudo -n)
fi
echo "installing ${lacking[*]}" >&2
"${run[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2
"${run[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${lacking[@]}" >&2
