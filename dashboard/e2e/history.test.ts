import { afterAll, beforeAll, expect, test } from 'vitest';
import { HOSTILE, Stage } from './page';

let stage: Stage;
let service: number;
let agent: { id: number; key: string };

beforeAll(async () => {
  stage = await Stage.start();
  await stage.signIn();
  service = await stage.service('things');
  agent = await stage.agent(`assistant ${HOSTILE}`, [service]);
});

afterAll(() => stage?.stop());

const read = (path: string, intent: string) =>
  stage.ask(agent.key, { service_id: service, method: 'GET', path, intent });

test('the page is empty at first, and new requests appear automatically', async () => {
  const { page } = stage;
  await page.getByRole('link', { name: 'History' }).click();
  await page.getByText('No requests yet').waitFor();
  await stage.expectFine('history-empty');
  expect(await read('/notes', `Read ${HOSTILE}`)).toMatchObject({ status: 200 });
  await page.getByText('/notes').waitFor();
  await page.getByRole('listitem').getByText('Forwarded', { exact: true }).waitFor();
});

test('requests are filtered, and the URL holds the filter', async () => {
  const { page } = stage;
  const denied = await stage.hold(agent.key, service, '/denied', 'Remove the denied one');
  await stage.call('PATCH', `/approvals/${denied}/deny`, { note: 'no' });
  await stage.hold(agent.key, service, '/waiting', 'Remove the pending one');
  const list = page.getByRole('list', { name: 'Decided requests' }).getByRole('listitem');
  await expect.poll(() => list.count(), { timeout: 10_000 }).toBe(3);
  await stage.expectFine('history');

  await page.getByLabel('Approval status').selectOption('Denied');
  await expect.poll(() => list.count()).toBe(1);
  expect(page.url()).toContain('status=DENIED');
  await page.reload();
  await page.getByText('Remove the denied one').waitFor();
  await list.getByText('by you (user 1)').waitFor();
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await expect.poll(() => list.count()).toBe(3);

  await page.getByLabel('URL or intent').fill('THE PENDING');
  await expect.poll(() => list.count()).toBe(1);
  expect(page.url()).toMatch(/text=THE(%20|\+)PENDING/);
  await page.getByLabel('URL or intent').fill('nothing like it');
  await page.getByText('No requests match').waitFor();
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await page.getByLabel('Decision').selectOption('Forwarded');
  await expect.poll(() => list.count()).toBe(1);
  await page.getByRole('button', { name: 'Clear filters' }).click();
});

test('an entry quotes its agent, has a date, and leads back to the filtered list', async () => {
  const { page } = stage;
  await page.getByLabel('Decision').selectOption('Held');
  const item = page.getByRole('listitem').filter({ hasText: '/denied' });
  await item.getByText(/assistant.* says:/).waitFor();
  const year = new Date().getFullYear();
  await item.getByText(new RegExp(`${year}.* · `)).waitFor();
  await item.getByRole('link').click();
  await page.getByRole('heading', { name: 'Timeline' }).waitFor();
  // The address of the page is enough for a reload, too.
  await page.reload();
  await page.getByRole('main').getByRole('link', { name: 'History' }).click();
  await expect.poll(() => new URL(page.url()).search).toBe('?decision=hold');
  await page.getByRole('button', { name: 'Clear filters' }).click();
});

test('an entry that was not held links to its agent, service, and rule', async () => {
  const { page } = stage;
  const rule = { name: 'Never', effect: 'deny', condition: 'request.path == "/never"' };
  const made = await stage.call('POST', '/rules', { ...rule, enabled: true });
  expect((await read('/never', 'Read it')).status).toBe(403);
  await page.getByText('/never').first().click();
  const main = page.getByRole('main');
  for (const [name, path] of [
    [/^assistant/, `/agents/${agent.id}`],
    [/^things$/, `/services/${service}`],
    [/^Never$/, `/rules/${made.json.id}`],
  ] as const) {
    const link = main.getByRole('link', { name }).first();
    expect(await link.getAttribute('href')).toBe(`/app${path}`);
  }
  await main.getByText(/assistant.* says:/).waitFor();
  await stage.expectFine('history-denied');
  await stage.call('DELETE', `/rules/${made.json.id}`);
  await main.getByRole('link', { name: 'History' }).click();
});

test('a response that is not a success is never green', async () => {
  const { page } = stage;
  stage.upstream.statuses.set('/moved', 307);
  expect(await read('/moved', 'Read it')).toMatchObject({ status: 307 });
  const item = page.getByRole('listitem').filter({ hasText: '/moved' });
  await item.getByText('307', { exact: true }).waitFor();
  expect(await item.locator('.text-good', { hasText: /307|Forwarded/ }).count()).toBe(0);
});

test('further pages are fetched on demand', async () => {
  const { page } = stage;
  await Promise.all(Array.from({ length: 55 }, (_, at) => read(`/many/${at}`, 'Read many')));
  const list = page.getByRole('list', { name: 'Decided requests' }).getByRole('listitem');
  await expect.poll(() => list.count()).toBe(50);
  await page.getByRole('button', { name: 'Show more' }).click();
  await expect.poll(() => list.count()).toBe(60);
  expect(await page.getByRole('button', { name: 'Show more' }).count()).toBe(0);
});

test('a new request fetches the newest page alone, and a change the page that shows it', async () => {
  const { page } = stage;
  const list = page.getByRole('list', { name: 'Decided requests' }).getByRole('listitem');
  // Another attempt begins with the first page alone.
  await list.first().waitFor();
  const more = page.getByRole('button', { name: 'Show more' });
  if (await more.count()) await more.click();
  await expect.poll(() => list.count()).toBe(60);
  const fetched: string[] = [];
  page.on('request', (request) => {
    const { pathname, search } = new URL(request.url());
    if (pathname === '/requests') fetched.push(search);
  });
  await read('/newest', 'Read the newest');
  await list.filter({ hasText: '/newest' }).waitFor();
  // Nothing that was fetched before is lost.
  expect(await list.count()).toBe(61);
  expect(fetched.length).toBeGreaterThan(0);
  expect(fetched.filter((search) => search.includes('cursor'))).toEqual([]);
  // The pending one is on the second page.
  const { json } = await stage.call('GET', '/approvals/pending');
  const [pending] = json.approvals;
  const entry = list.filter({ hasText: new URL(pending.target_url).pathname });
  await entry.getByText('Pending', { exact: true }).waitFor();
  await stage.call('PATCH', `/approvals/${pending.action_id}/deny`, {});
  await entry.getByText('Denied', { exact: true }).waitFor();
  expect(await list.count()).toBe(61);
});

test('an approved request has a timeline, and its approval can be revoked', async () => {
  const { page } = stage;
  const action = await stage.hold(agent.key, service, '/taken-back');
  await stage.call('PATCH', `/approvals/${action}/approve`, { note: 'go ahead' });
  await page.getByText('/taken-back').click();
  const panel = page.locator('section', { hasText: 'Timeline' });
  await panel.getByText('Held for approval').waitFor();
  await panel.getByText('Approved by you').waitFor();
  await panel.getByText('go ahead').waitFor();
  expect(
    await page
      .getByRole('link', { name: 'Allow requests like this…' })
      .first()
      .getAttribute('href'),
  ).toBe(`/app/rules/new?action=${action}`);
  await stage.expectFine('history-approved');
  await page.getByRole('button', { name: 'Revoke approval…' }).click();
  await page.getByRole('button', { name: 'Cancel' }).click();
  expect(await stage.status(agent.key, action)).toBe('APPROVED');
  await page.getByRole('button', { name: 'Revoke approval…' }).click();
  await page.route('**/revoke', (route) => route.abort());
  await page.getByRole('button', { name: 'Revoke', exact: true }).click();
  await page.getByText('the gateway could not be reached').waitFor();
  await page.unroute('**/revoke');
  await page.getByLabel('Note to the agent').fill('changed my mind');
  await page.getByRole('button', { name: 'Revoke', exact: true }).click();
  await panel.getByText('Revoked by you').waitFor();
  expect(await stage.status(agent.key, action)).toBe('REVOKED');
});

test('an executed request shows the response', async () => {
  const { page } = stage;
  const action = await stage.hold(agent.key, service, '/done');
  await stage.call('PATCH', `/approvals/${action}/approve`, {});
  const run = await stage.gateway.call(
    'POST',
    `/proxy/execute/${action}`,
    {},
    { 'Agent-Key': agent.key },
  );
  expect(run.status).toBe(200);
  await page.getByRole('link', { name: 'History' }).first().click();
  await page.getByText('/done').click();
  await page.getByText('Response from the service: 200').waitFor();
  await page.getByText('Sent to the service').waitFor();
  await page.getByText('Service responded with 200').waitFor();
  await page.getByText('Exact request (sent)').waitFor();
  await stage.expectFine('history-executed');
});

test('a human records an unknown outcome', async () => {
  const { page } = stage;
  const action = await stage.hold(agent.key, service, '/breaks/off');
  await stage.call('PATCH', `/approvals/${action}/approve`, {});
  await stage.gateway.call('POST', `/proxy/execute/${action}`, {}, { 'Agent-Key': agent.key });
  expect(await stage.status(agent.key, action)).toBe('INDETERMINATE');
  await page.getByRole('link', { name: 'History' }).first().click();
  await page.getByText('/breaks/off').click();
  await page.getByRole('heading', { name: 'Record the outcome' }).waitFor();
  await stage.expectFine('history-unknown');
  await page.getByLabel('Outcome', { exact: true }).selectOption('It was executed');
  await page.getByLabel('Note to the agent').fill('it is gone');
  await page.getByRole('button', { name: 'Record outcome…' }).click();
  await page.getByRole('button', { name: 'Record outcome', exact: true }).click();
  await page.getByText('Marked as executed by you').waitFor();
  expect(await stage.status(agent.key, action)).toBe('EXECUTED');
  expect(stage.upstream.received.filter((line) => line.includes('/breaks'))).toHaveLength(1);
});

test('an unknown request is reported', async () => {
  const { page } = stage;
  await stage.open('/history/999999');
  await page.getByRole('alert').getByText('no request with this ID').waitFor();
  await stage.open('/history/nonsense');
  await page.getByRole('alert').waitFor();
});

test('no page had script errors or policy violations', () => {
  expect(stage.trouble).toEqual([]);
});
