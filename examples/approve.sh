#!/usr/bin/env bash
# usage: examples/approve.sh [NOTE]
# Approves the oldest pending action as the person whom examples/setup.sh created. Look at the queue first:
# approving without reading is what GaiterGuard is there to prevent.
set -euo pipefail
gateway="${GAITERGUARD_URL:-http://127.0.0.1:3000}"
you='{"email":"you@example.com","password":"correct horse battery"}'

token="$(curl --silent --fail-with-body "$gateway/auth/login" -H 'Content-Type: application/json' -d "$you" |
  python3 -c 'import json,sys; print(json.load(sys.stdin)["accessToken"])')"
authorization="Authorization: Bearer $token"
# The digest makes sure that what is approved is what was shown.
read -r action digest < <(curl --silent --fail-with-body "$gateway/approvals/pending" -H "$authorization" | python3 -c '
import json, sys
pending = json.load(sys.stdin)["approvals"]
if not pending:
    sys.exit("nothing is pending")
first = pending[0]
print(first["method"], first["target_url"], "because:", first["intent"], file=sys.stderr)
print(first["action_id"], first["digest"])')
body="$(python3 -c 'import json,sys; print(json.dumps({"digest": sys.argv[1], "note": sys.argv[2]}))' "$digest" "${1:-approved}")"
curl --silent --fail-with-body -X PATCH "$gateway/approvals/$action/approve" -H "$authorization" \
  -H 'Content-Type: application/json' -d "$body"
echo
