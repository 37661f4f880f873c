#!/usr/bin/env bash
# Prints the folder of a Node.js environment with the clients that the tests run and the checkers of
# `make lint` (tests/clients/package.json), made once for each version of its lock file.
set -euo pipefail

root="$(cd "$(dirname "$0")/.." && pwd)"
clients="$root/tests/clients"
key="$( (node --version; cat "$clients/package-lock.json") | sha256sum | cut -c 1-12)"
environment="$root/.cache/node-$key"

# Tests run side by side: one installs, the others wait.
mkdir -p "$root/.cache"
exec 9>"$root/.cache/node.lock"
flock 9

if [ ! -e "$environment/complete" ]; then
  echo "installing the tests' Node.js packages into $environment" >&2
  rm -rf "$environment"
  mkdir -p "$environment"
  cp "$clients/package.json" "$clients/package-lock.json" "$clients/.npmrc" "$environment"
  (cd "$environment" && npm ci --ignore-scripts --no-audit --no-fund --loglevel error) >&2
  # Source maps and declarations of types are most of some packages, and nothing here reads them.
  find "$environment/node_modules" \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.?ts' \) -delete
  touch "$environment/complete"
fi
echo "$environment"
