import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HOSTILE, Stage } from './page';

let stage: Stage;
let receiver: Server;
let url: string;
/** The messages that arrived, and the status to respond with. */
const arrived: Array<{ type: string }> = [];
let status = 204;

beforeAll(async () => {
  receiver = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      arrived.push(JSON.parse(Buffer.concat(parts).toString()));
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const { port } = receiver.address() as AddressInfo;
  url = `http://127.0.0.1:${port}/hook`;
  stage = await Stage.start({ UPSTREAM_PRIVATE_ALLOW: '127.0.0.0/8' });
  await stage.signIn();
});

afterAll(async () => {
  await stage?.stop();
  receiver?.close();
});

test('a webhook is created, and its key is shown until it is marked as stored', async () => {
  const { page } = stage;
  await page.getByRole('link', { name: 'Channels' }).click();
  await page.getByText('No channels yet').waitFor();
  await stage.expectFine('channels-empty');
  await page.getByRole('button', { name: 'New channel' }).click();
  await page.getByLabel('Name').fill(HOSTILE);
  await page.getByLabel('URL').fill('http://169.254.169.254/');
  // Not a click, because a button under the pointer is shown in another color.
  await page.getByLabel('URL').press('Enter');
  await page.getByText(/cannot be used/).waitFor();
  await stage.expectFine('channels-new');
  await page.getByLabel('URL').fill(url);
  await page.getByRole('button', { name: 'Create channel' }).click();
  const shown = page.getByTestId('signing-key');
  await shown.waitFor();
  expect(await shown.textContent()).toMatch(/^whsec_/);
  await page.keyboard.press('Escape');
  await shown.waitFor();
  await page.getByLabel('I have stored the key').check();
  await page.getByRole('button', { name: 'Done' }).click();
  await page.getByText('<img src=x onerror=alert(1)>').first().waitFor();
  await stage.expectFine('channels');
});

test('a test message shows whether the receiver accepted it', async () => {
  const { page } = stage;
  status = 204;
  await page.getByRole('link', { name: /img src=x/ }).click();
  await page.getByRole('button', { name: 'Send test message' }).click();
  await page.getByText('The receiver accepted the message.').waitFor();
  expect(arrived.at(-1)?.type).toBe('channel.test');
  status = 500;
  await page.getByRole('button', { name: 'Send test message' }).click();
  await page.getByText(/Not accepted: the receiver responded with 500/).waitFor();
});

test('messages are listed with their state, and a change is saved', async () => {
  const { page } = stage;
  status = 500;
  const service = await stage.service('things');
  const key = await stage.watchedAgent('clerk', [service]);
  await stage.hold(key, service, '/notes/1');
  await page.getByText(/Attempt \d failed/).waitFor();
  await page.getByText('Failing').waitFor();
  await stage.expectFine('channel');
  status = 204;
  await page.getByText('Delivered').first().waitFor({ timeout: 40_000 });
  expect(arrived.at(-1)?.type).toBe('action.created');
  await page.getByLabel('From').fill('22:00');
  await page.getByLabel('To', { exact: true }).fill('07:00');
  await page.getByLabel('Time zone').fill('Europe/Berlin');
  await page.getByLabel('An agent was blocked').check();
  await page.getByRole('button', { name: 'Save channel' }).click();
  await page.getByText('Saved', { exact: true }).waitFor();
  const { items } = (await stage.call('GET', '/channels')).json;
  expect(items[0].quiet_hours).toEqual({ from: '22:00', to: '07:00', time_zone: 'Europe/Berlin' });
  expect(items[0].filter.events).toContain('agent.blocked');
});

test('a channel is deleted after a confirmation', async () => {
  const { page } = stage;
  await page.getByRole('button', { name: 'Delete channel…' }).click();
  await page.getByRole('button', { name: 'Delete channel', exact: true }).click();
  await page.getByText('No channels yet').waitFor();
  expect(stage.trouble).toEqual([]);
});
test('a channel for one member is created, for an escalation', async () => {
  const { page } = stage;
  await stage.open('/channels');
  await page.getByRole('button', { name: 'New channel' }).click();
  await page.getByLabel('Name').fill('If nobody reacts');
  await page.getByLabel('Kind').selectOption('member');
  await page.getByLabel('Member', { exact: true }).selectOption('you@example.com');
  await page.getByLabel('Escalate after (minutes)').fill('15');
  await stage.expectFine('channels-member');
  await page.getByRole('button', { name: 'Create channel' }).click();
  await page.getByRole('link', { name: 'If nobody reacts' }).click();
  await expect
    .poll(() => page.getByLabel('Member', { exact: true }).inputValue())
    .toBe(String((await stage.call('GET', '/auth/me')).json.id));
  const { items } = (await stage.call('GET', '/channels')).json;
  expect(items.at(-1)).toMatchObject({ kind: 'member', filter: { escalate_after_minutes: 15 } });
  await stage.call('DELETE', `/channels/${items.at(-1).id}`);
});
