/**
 * A client of the Model Context Protocol that can open pages, with the protocol's official package for TypeScript, and
 * the person in front of it, who decides in an own session.
 *
 * Variables: GATEWAY, its URL; AGENT_KEY; PERSON, an access token of the dashboard; COMMAND, if the client starts a
 * server as a process instead of using HTTP. Prints what happened as a line of JSON.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  ElicitationCompleteNotificationSchema,
  ElicitRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';

const { GATEWAY, AGENT_KEY, PERSON, COMMAND, PATH } = process.env;
const client = new Client(
  { name: 'test', version: '1' },
  { capabilities: { elicitation: { url: {} } } },
);
const offers = [];
const completed = [];
client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
  offers.push(params);
  return { action: 'accept' };
});
client.setNotificationHandler(ElicitationCompleteNotificationSchema, ({ params }) => {
  completed.push(params.elicitationId);
});
const transport = COMMAND
  ? new StdioClientTransport({
      command: COMMAND,
      args: ['mcp'],
      env: { PATH, GAITERGUARD_URL: GATEWAY, GAITERGUARD_AGENT_KEY: AGENT_KEY },
    })
  : new StreamableHTTPClientTransport(new URL(`${GATEWAY}/mcp`), {
      requestInit: { headers: { Authorization: `Bearer ${AGENT_KEY}` } },
    });
await client.connect(transport);

const call = async (name, args) => (await client.callTool({ name, arguments: args })).structuredContent;
const dashboard = async (method, path, body) => {
  const response = await fetch(`${GATEWAY}${path}`, {
    method,
    headers: { Authorization: `Bearer ${PERSON}`, 'Content-Type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  return response.json();
};
const until = async (holds) => {
  for (let time = 0; time < 300 && !holds(); time++) await sleep(100);
};

const held = await call('proxy_request', {
  service: 'things',
  method: 'DELETE',
  path: '/notes/1',
  intent: 'Remove what Ann listed',
});
const { action_id } = held;
await until(() => offers.length > 0);
// Opening the page decides nothing, and neither did accepting the offer.
const page = await fetch(offers[0].url);
const opened = { status: page.status, type: page.headers.get('content-type') };
const pending = await call('action_status', { action_id });
const early = await client
  .callTool({ name: 'execute_action', arguments: { action_id } })
  .catch(({ code, data, elicitations }) => ({ code, data, elicitations }));
const before = completed.length;
const { digest } = await dashboard('GET', `/approvals/${action_id}`);
const decided = await dashboard('PATCH', `/approvals/${action_id}/approve`, { digest });
// The decision is reported without being asked for: by the process, or on the stream of the session.
await until(() => completed.length > 0);
const alone = completed.length;
let status = await call('action_status', { action_id, wait_seconds: 20 });
for (let time = 0; time < 20 && status.status === 'PENDING'; time++) {
  status = await call('action_status', { action_id, wait_seconds: 5 });
}
const executed = await call('execute_action', { action_id });
await client.close();
console.log(
  JSON.stringify({
    held,
    offers,
    opened,
    pending: pending.status,
    early,
    before,
    decided: decided.status,
    alone,
    status: status.status,
    completed,
    executed,
  }),
);
