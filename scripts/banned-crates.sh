#!/usr/bin/env bash
# Fails when a crate that deny.toml bans would be built. It needs nothing but cargo, so it can run
# everywhere; `make deny` checks licenses and sources too.
set -euo pipefail
cd "$(dirname "$0")/.."

failed=0
for crate in $(grep -oP '(?<=crate = ")[^"]+' deny.toml); do
  users="$(cargo tree --quiet --locked --workspace --target all --invert "$crate" 2>/dev/null || true)"
  if [ -n "$users" ]; then
    printf '%s is banned by deny.toml, yet it is used:\n%s\n' "$crate" "$users" >&2
    failed=1
  fi
done
exit "$failed"
