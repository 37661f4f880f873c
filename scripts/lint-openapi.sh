#!/usr/bin/env bash
# Checks crates/server/openapi.json with the recommended rules of Redocly and Spectral, from the packages of
# tests/clients/package.json. Warnings are failures.
set -euo pipefail

root="$(cd "$(dirname "$0")/.." && pwd)"
document="$root/crates/server/openapi.json"
tools="$("$root/scripts/node-tools.sh")"

# Neither tool may report its use or look for updates.
export REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true
cd "$tools"
node_modules/.bin/redocly lint "$document" --extends recommended-strict
node_modules/.bin/spectral lint "$document" --ruleset "$root/scripts/spectral.yaml" --fail-severity hint --quiet
