/** A person is invited, links an account in Slack, and approves a held request with the button of its message. */
import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Stage } from './page';

const SECRET = '8f742231b10e8888abcd99yyyzzz85a5';
const PASSWORD = 'another horse battery';

/** A call of Slack's API. */
interface Call {
  method: string;
  // biome-ignore lint/suspicious/noExplicitAny: the test reads members of any call.
  body: any;
}

let stage: Stage;
let slack: Server;
let server: string;
let ann: Page;
let channel: number;
const calls: Call[] = [];

beforeAll(async () => {
  slack = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(parts).toString());
      const method = request.url?.replace('/api/', '') ?? '';
      calls.push({ method, body });
      const ts = `1503435956.${String(calls.length).padStart(6, '0')}`;
      response.writeHead(200, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify({ ok: true, channel: body.channel, ts }));
    });
  });
  await new Promise<void>((resolve) => slack.listen(0, '127.0.0.1', resolve));
  server = `http://127.0.0.1:${(slack.address() as AddressInfo).port}/api`;
  stage = await Stage.start({ UPSTREAM_PRIVATE_ALLOW: '127.0.0.0/8' });
  await stage.signIn();
});

afterAll(async () => {
  await stage?.stop();
  slack?.close();
});

/** Sends a form to the gateway as Slack does. */
async function send(form: Record<string, string>) {
  const body = new URLSearchParams(form).toString();
  const at = String(Math.floor(Date.now() / 1000));
  const signature = createHmac('sha256', SECRET).update(`v0:${at}:${body}`).digest('hex');
  const response = await fetch(`${stage.gateway.url}/channels/${channel}/slack`, {
    method: 'POST',
    body,
    headers: {
      'Content-Type': 'application/x-www-form-urlencoded',
      'X-Slack-Request-Timestamp': at,
      'X-Slack-Signature': `v0=${signature}`,
    },
  });
  expect(response.status).toBe(200);
  return response.text();
}

/** Waits for calls of a method, and returns them. */
async function called(method: string, count: number): Promise<Call[]> {
  const its = () => calls.filter((call) => call.method === method);
  await expect.poll(() => its().length, { timeout: 20_000 }).toBeGreaterThanOrEqual(count);
  return its();
}

/** Returns the token of a button of a message. */
function button(message: Call, id: string): string | undefined {
  // biome-ignore lint/suspicious/noExplicitAny: blocks have many forms.
  const elements = message.body.blocks.flatMap((block: any) => block.elements ?? []);
  // biome-ignore lint/suspicious/noExplicitAny: elements have many forms.
  return elements.find((element: any) => element.action_id === id)?.value;
}

test('channels of Slack with buttons are created, and show where Slack sends', async () => {
  const { page } = stage;
  for (const [name, place] of [
    ['Approvals', 'C1'],
    ['Management', 'C2'],
  ] as const) {
    await stage.open('/channels');
    await page.getByRole('button', { name: 'New channel' }).click();
    await page.getByLabel('Kind').selectOption('Slack');
    await page.getByLabel('Name').fill(name);
    await page.getByLabel('Channel ID').fill(place);
    await page.getByLabel('Bot token').fill('xoxb-secret');
    await page.getByLabel('Server').fill(server);
    await page.getByLabel('Signing secret').fill(SECRET);
    await page.getByRole('button', { name: 'Create channel' }).click();
    await page.getByRole('link', { name }).waitFor();
  }
  await page.getByRole('link', { name: 'Approvals' }).click();
  await page.getByText(/\/channels\/\d+\/slack$/).waitFor();
  await stage.expectFine('channel-slack');
  const { items } = (await stage.call('GET', '/channels')).json;
  channel = items[0].id;
  expect(JSON.stringify(items)).not.toContain(SECRET);
});

test('an invited approver links an account', async () => {
  const { page } = stage;
  await stage.open('/members');
  await page.getByRole('button', { name: 'Invite person' }).click();
  await page.getByLabel('Email').fill('ann@example.com');
  await page.getByLabel('Role', { exact: true }).selectOption({ label: 'Approver' });
  await page.getByRole('button', { name: 'Create invitation' }).click();
  const link = (await page.getByTestId('invitation-link').textContent()) ?? '';
  await page.getByRole('button', { name: 'Done' }).click();
  ann = await stage.another({ viewport: { width: 1280, height: 800 } });
  await ann.goto(link);
  await ann.getByLabel('Choose a password').fill(PASSWORD);
  await ann.getByRole('button', { name: 'Create account and join' }).click();
  await ann.getByRole('heading', { name: 'Queue' }).waitFor();

  await ann.goto(`${stage.gateway.url}/app/settings`);
  await ann.getByRole('button', { name: 'Link an account…' }).click();
  const message = await ann.getByText(/^\/gaiterguard link /).textContent();
  const text = message?.replace('/gaiterguard ', '') ?? '';
  const from = { team_id: 'T1', user_id: 'U1', user_name: 'ann' };
  const reply = await send({ command: '/gaiterguard', text, ...from });
  expect(reply).toContain('ann@example.com');
  await ann.getByRole('button', { name: 'Done' }).click();
  const linked = ann.getByRole('list', { name: 'Linked accounts' });
  await linked.getByText('Decides in Approvals, Management').waitFor();
});

test('the approver approves from the message, and every copy changes', async () => {
  calls.length = 0;
  const service = await stage.service('things');
  const key = await stage.watchedAgent('clerk', [service]);
  const action = await stage.hold(key, service, '/notes/1');
  const messages = await called('chat.postMessage', 2);
  const mine = messages.find((call) => call.body.channel === 'C2');
  const value = mine && button(mine, 'approve');
  expect(value).toMatch(/^[0-9a-f]{64}$/);
  const user = { id: 'U1', username: 'ann', team_id: 'T1' };
  await send({
    payload: JSON.stringify({
      type: 'block_actions',
      team: { id: 'T1' },
      user,
      container: { type: 'message', channel_id: 'C2', message_ts: '1' },
      trigger_id: '1.2',
      actions: [{ type: 'button', action_id: 'approve', value }],
    }),
  });
  const changes = await called('chat.update', 2);
  expect(new Set(changes.map((call) => call.body.channel))).toEqual(new Set(['C1', 'C2']));
  for (const change of changes) {
    expect(change.body.text).toContain('Approved by ann@example.com');
    expect(button(change, 'approve')).toBeUndefined();
  }
  const [reply] = await called('chat.postEphemeral', 1);
  expect(reply?.body).toMatchObject({ channel: 'C2', user: 'U1' });
  expect(reply?.body.text).toContain('Approved.');
  const { json } = await stage.call('GET', `/approvals/${action}`);
  expect(json.status).toBe('APPROVED');
});

test('an account that is unlinked decides nothing', async () => {
  await ann.getByRole('button', { name: 'Unlink…' }).click();
  await ann.getByRole('button', { name: 'Unlink', exact: true }).click();
  await ann.getByRole('list', { name: 'Linked accounts' }).waitFor({ state: 'detached' });
  expect(stage.trouble).toEqual([]);
});
