#!/usr/bin/env bash
# Fails when rust-toolchain.toml, Cargo.toml and the Dockerfile do not name the same version of Rust.
set -euo pipefail
cd "$(dirname "$0")/.."

pinned="$(sed -n 's/^channel = "\(.*\)"/\1/p' rust-toolchain.toml)"
oldest="$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)"
image="$(sed -nE 's/^FROM rust:([0-9.]+)-.*/\1/p' Dockerfile)"
if [ "$pinned" != "$image" ] || [ "${pinned%.*}" != "$oldest" ]; then
  echo "Rust versions differ: rust-toolchain.toml $pinned, Cargo.toml $oldest, Dockerfile $image" >&2
  exit 1
fi
