#!/usr/bin/env bash
# usage: gaiterguard.sh METHOD PATH SERVICE INTENT [BODY]
# Sends a request through GaiterGuard, waits if it is held for a human, and prints the response. Needs
# bash, curl, GAITERGUARD_URL, and GAITERGUARD_AGENT_KEY. Exit codes: 0 for a 2xx response, 22 for any other
# response of the upstream, 3 denied, 4 expired or revoked, 5 still pending, 1 for any other error.
set -euo pipefail

[ $# -ge 4 ] || { sed -n '2,6s/^# //p' "$0" >&2; exit 1; }
method=$1 path=$2 service=$3 intent=$4
url=${GAITERGUARD_URL:-http://127.0.0.1:3000}
: "${GAITERGUARD_AGENT_KEY:?set it to the agent key}"
deadline=$((SECONDS + ${GAITERGUARD_WAIT:-600}))

response=$(mktemp -d)
trap 'rm -rf "$response"' EXIT
# The key is passed in a file that only this user can read, because every process can see command lines.
(umask 077 && printf 'header = "Agent-Key: %s"\nheader = "Content-Type: application/json"\n' \
  "$GAITERGUARD_AGENT_KEY" > "$response/curlrc")

# Prints a text as a JSON string.
quoted() {
  local text=$1
  text=${text//\\/\\\\} text=${text//\"/\\\"} text=${text//$'\n'/\\n} text=${text//$'\t'/\\t} text=${text//$'\r'/\\r}
  printf '"%s"' "$text"
}

# call METHOD PATH [BODY]: sets status and writes $response/head and $response/body.
call() {
  local body=()
  [ $# -lt 3 ] || body=(--data-binary "$3")
  status=$(curl -sS --noproxy '*' -K "$response/curlrc" -X "$1" "${@:4}" "${body[@]}" \
    -D "$response/head" -o "$response/body" -w '%{http_code}' --max-time 120 "$url$2")
}

header() { sed -n "s/^$1: *//Ip" "$response/head" | tr -d '\r' | tail -n 1; }
field() { grep -oE "\"$1\":\"([^\"\\\\]|\\\\.)*\"" "$response/body" | head -n 1 | sed -E 's/^"[^"]*":"//; s/"$//' || true; }

finish_if_responded() {
  case "$(header X-Proxy-Status)" in
    forwarded | executed-approved | replayed)
      cat "$response/body"
      [[ $status == 2* ]] && exit 0
      exit 22
      ;;
  esac
}

fail() { printf '%s\n' "$1" >&2; exit "$2"; }

proposal="{\"method\":$(quoted "$method"),\"path\":$(quoted "$path"),\"service\":$(quoted "$service"),\"intent\":$(quoted "$intent")"
[ $# -lt 5 ] || proposal+=",\"body\":$(quoted "$5")"
key=$(cat /proc/sys/kernel/random/uuid 2>/dev/null || uuidgen)
call POST /proxy "$proposal}" -H "Idempotency-Key: $key"
finish_if_responded
[ "$(field code)" = approval_required ] || fail "$(field code): $(field detail)" 1

action=$(field action_id)
printf 'waiting for a human: action %s\n' "$action" >&2
while :; do
  left=$((deadline - SECONDS))
  call GET "/status/$action?wait=$((left > 50 ? 50 : left > 0 ? left : 0))"
  case "$(field status)" in
    APPROVED)
      call POST "/proxy/execute/$action"
      finish_if_responded
      ;;
    EXECUTED) fail "executed by another call; get the result from /status/$action" 1 ;;
    DENIED) fail "denied: $(field note)" 3 ;;
    REVOKED | EXPIRED) fail "$(field status)" 4 ;;
    INDETERMINATE) fail "the request may have been sent, never send it again: $(field detail)" 1 ;;
    PENDING | EXECUTING) ;;
    *) fail "$(field code): $(field detail)" 1 ;;
  esac
  [ $SECONDS -lt $deadline ] || fail "still pending: action $action" 5
done
