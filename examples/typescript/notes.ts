// An agent with fetch: deletes a note, which a human has to approve.
import { randomUUID } from "node:crypto";

const { GAITERGUARD_URL: url, GAITERGUARD_AGENT_KEY: key } = process.env;
if (!url || !key) throw new Error('run: eval "$(examples/setup.sh)"');

/** Sends one request through the gateway. The key makes it safe to repeat after a lost connection. */
function send(method: string, path: string, intent: string, extra: object = {}): Promise<Response> {
  return fetch(`${url}/proxy`, {
    method: "POST",
    headers: { "Agent-Key": key!, "Content-Type": "application/json", "Idempotency-Key": randomUUID() },
    body: JSON.stringify({ service: "notes", method, path, intent, ...extra }),
  });
}

console.log("notes:", await (await send("GET", "/notes", "List the notes")).json());

console.log("asking to delete note 2; waiting for a human …");
const deleted = await send("DELETE", "/notes/2", "Delete note 2: Ann was called", { wait: 120 });
const result = (await deleted.json()) as Record<string, unknown>;
switch (deleted.headers.get("X-Proxy-Status")) {
  case "executed-approved":
    console.log("deleted:", result);
    break;
  case "blocked":
    console.log("still pending:", result.status_url);
    break;
  default:
    console.log("refused:", result.code, result.note);
}
