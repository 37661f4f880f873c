#!/usr/bin/env bash
# Runs a command with a small language model served on this machine, and its settings in the
# environment: LLM_BASE_URL, LLM_MODEL and LLM_TIMEOUT_MS.
#
#   scripts/with-local-model.sh COMMAND [ARGUMENT...]
set -euo pipefail

folder="$("$(dirname "$0")/local-model.sh")"
exec 3< <(cd "$folder" && exec node server.mjs model.gguf)
server=$!
trap 'kill "$server"' EXIT
read -r LLM_BASE_URL <&3 || { echo "the model does not start" >&2; exit 1; }

export LLM_BASE_URL LLM_MODEL=local
# It thinks for seconds, about one question at a time.
export LLM_TIMEOUT_MS=300000
"$@"
