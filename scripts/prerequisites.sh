#!/usr/bin/env bash
# usage: scripts/prerequisites.sh [--install] [test]
# Checks that the programs are present that a build needs or, with `test`, that the tests need too.
# Without --install it changes nothing and names what is missing. With --install it installs the missing
# Debian packages, as root or through sudo.
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"

install=false
if [ "${1:-}" = --install ]; then install=true; shift; fi
case "${1:-}" in
  "") for_tests=false ;;
  test) for_tests=true ;;
  *) sed -n '2,5s/^# //p' "$0" >&2; exit 2 ;;
esac

# Rust and Node.js are never installed: their versions are a choice of the machine's owner.
missing_program() { echo "$1 is missing: install $2 first" >&2; exit 1; }
command -v cargo >/dev/null || missing_program cargo "Rust (https://rustup.rs)"
command -v npm >/dev/null || missing_program npm "Node.js 20 or newer"

packages=()
command -v cc >/dev/null || packages+=(gcc libc6-dev)
if $for_tests; then
  command -v python3 >/dev/null || packages+=(python3)
  python3 -c 'import ensurepip, venv' 2>/dev/null || packages+=(python3-venv)
  # Clients behind the proxy port.
  for program in curl gh git ruby wget; do
    command -v "$program" >/dev/null || packages+=("$program")
  done
  # scripts/count-instructions.py counts with it.
  command -v valgrind >/dev/null || packages+=(valgrind)
  # The dashboard is tested in a real browser.
  command -v chromium >/dev/null || packages+=(chromium)
  # Debian's is not in the PATH of an ordinary user.
  command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] || packages+=(nginx)
fi
[ ${#packages[@]} -gt 0 ] || exit 0

if ! $install; then
  cat >&2 <<TEXT
Missing Debian packages: ${packages[*]}
Install them with:
  sudo apt-get install --no-install-recommends ${packages[*]}
or run \`make prerequisites\` in $root, which does the same.
TEXT
  exit 1
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  sudo -n true 2>/dev/null || { echo "installing ${packages[*]} needs root or sudo without a password" >&2; exit 1; }
  as_root=(sudo -n)
fi
echo "installing ${packages[*]}" >&2
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >&2

# Tests start an nginx of their own. The service of the package would listen on port 80.
if [[ " ${packages[*]} " == *" nginx "* && -d /run/systemd/system ]]; then
  "${as_root[@]}" systemctl disable --now nginx >&2
fi
