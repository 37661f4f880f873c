#!/usr/bin/env bash
# Prints the folder of a Python environment with the real upstreams, clients and checkers that the tests and
# `make lint` run (tests/upstreams/requirements.txt), made once for each version of that file.
set -euo pipefail

root="$(cd "$(dirname "$0")/.." && pwd)"
requirements="$root/tests/upstreams/requirements.txt"
key="$( (python3 --version; cat "$requirements") | sha256sum | cut -c 1-12)"
environment="$root/.cache/python-$key"

# Tests run side by side: one installs, the others wait.
mkdir -p "$root/.cache"
exec 9>"$root/.cache/python.lock"
flock 9

if [ ! -e "$environment/complete" ]; then
  echo "installing the tests' Python packages into $environment" >&2
  rm -rf "$environment"
  python3 -m venv "$environment" >&2 || {
    echo "python3 cannot make an environment: install the Debian package python3-venv" >&2; exit 1
  }
  # Only ready-built packages: nothing here needs a compiler.
  "$environment/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary :all: \
    -r "$requirements" >&2
  touch "$environment/complete"
fi
echo "$environment"
