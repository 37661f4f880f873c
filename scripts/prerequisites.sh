#!/usr/bin/env bash
# usage: scripts/prerequisites.sh [test]
# Checks for what a build needs (or, with `test`, the tests too); where it may, it installs the Debian
# packages that are lacking.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
with_dashboard() { [ -e "$here/../dashboard/package.json" ]; }

command -v cargo >/dev/null || { echo "install Rust (rustup) first: cargo is not there" >&2; exit 1; }
! with_dashboard || command -v npm >/dev/null || { echo "install Node.js 20 or newer first: npm is not there" >&2; exit 1; }

packages=()
command -v cc >/dev/null || packages+=(gcc libc6-dev)
if [ "${1:-}" = test ]; then
  command -v python3 >/dev/null || packages+=(python3)
  python3 -c 'import ensurepip, venv' 2>/dev/null || packages+=(python3-venv)
  command -v curl >/dev/null || packages+=(curl)
  # The dashboard is tested in a real browser.
  ! with_dashboard || command -v chromium >/dev/null || packages+=(chromium)
fi
[ ${#packages[@]} -eq 0 ] || "$here/debian-packages.sh" "${packages[@]}"
