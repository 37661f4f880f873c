#!/usr/bin/env bash
# usage: eval "$(examples/setup.sh)"
# Sets up a fresh gateway for the examples and prints the two variables that an agent needs.
# GATEWAY and UPSTREAM change the addresses (http://127.0.0.1:3000 and http://127.0.0.1:8888).
set -euo pipefail
gateway="${GATEWAY:-http://127.0.0.1:3000}"
upstream="${UPSTREAM:-http://127.0.0.1:8888}"
you='{"email":"you@example.com","password":"correct horse battery"}'

field() { python3 -c "import json,sys; print(json.load(sys.stdin)['$1'])"; }
post() {
  curl --silent --show-error --fail-with-body "$gateway$1" -H 'Content-Type: application/json' \
    ${token:+-H "Authorization: Bearer $token"} -d "$2"
}

post /auth/register "$you" >/dev/null
token="$(post /auth/login "$you" | field accessToken)"
service() {
  post /services "{\"name\":\"$1\",\"baseUrl\":\"$2\",\"authType\":\"bearer\",\"credentials\":{\"token\":\"the-real-secret\"}}" | field id
}
notes="$(service notes "$upstream")"
openai="$(service openai "$upstream/v1")"
post /rules '{"name":"Deletions need approval","effect":"require_approval","condition":"request.method == \"DELETE\""}' >/dev/null
post /rules '{"name":"Chat is allowed","effect":"allow","condition":"service.name == \"openai\" && request.under(\"/v1/chat/completions\")"}' >/dev/null
key="$(post /agents "{\"name\":\"example\",\"serviceIds\":[$notes,$openai]}" | field apiKey)"

echo "export GAITERGUARD_URL=$gateway"
echo "export GAITERGUARD_AGENT_KEY=$key"
