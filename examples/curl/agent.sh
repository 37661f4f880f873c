#!/usr/bin/env bash
# An agent in bash and curl: reads a note, asks to delete it, waits for the human, and executes the approval.
set -euo pipefail
: "${GAITERGUARD_URL:?run: eval \"\$(examples/setup.sh)\"}" "${GAITERGUARD_AGENT_KEY:?}"

field() { python3 -c "import json,sys; print(json.load(sys.stdin).get('$1', ''))"; }
gateway() {
  local path="$1"; shift
  curl --silent --show-error "$GAITERGUARD_URL$path" -H "Agent-Key: $GAITERGUARD_AGENT_KEY" \
    -H 'Content-Type: application/json' "$@"
}

echo "read:"
gateway /proxy -d '{"service":"notes","method":"GET","path":"/notes/2","intent":"Read note 2"}'
echo

echo "ask to delete:"
held="$(gateway /proxy -d '{"service":"notes","method":"DELETE","path":"/notes/2","intent":"Delete note 2: Ann was called"}')"
action="$(field action_id <<<"$held")"
[ -n "$action" ] || { echo "$held"; exit 1; }

status=PENDING
while [ "$status" = PENDING ]; do
  echo "action $action waits for a human"
  status="$(gateway "/status/$action?wait=60" | field status)"
done

[ "$status" = APPROVED ] || { echo "the action is $status" >&2; exit 3; }
echo "execute:"
gateway "/proxy/execute/$action" -X POST
echo
