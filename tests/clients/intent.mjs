// States an intent in a language other than English with fetch, which sends header values in Latin-1. Node.js reads
// this from standard input.

const { URL: url, AGENT_KEY, INTENT } = process.env;
const headers = { "Agent-Key": AGENT_KEY, "X-Agent-Intent": INTENT };
const response = await fetch(url, { method: "DELETE", headers });
const { action_id } = await response.json();
console.log(JSON.stringify({ status: response.status, id: action_id }));
