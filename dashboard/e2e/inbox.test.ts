import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Stage } from './page';

/** How long an approval lasts; its last fifth is about to lapse. */
const APPROVAL_SECONDS = 60;

let stage: Stage;
let page: Page;
let service: number;
let key: string;

beforeAll(async () => {
  stage = await Stage.start({ APPROVAL_EXECUTE_TTL_HOURS: `${APPROVAL_SECONDS / 3600}` });
  await stage.signIn();
  page = stage.page;
  service = await stage.service('payments');
  key = (await stage.agent('assistant', [service])).key;
});

afterAll(() => stage?.stop());

const section = () => page.getByRole('region', { name: 'Needs attention' });
const item = (text: RegExp | string) => section().getByRole('listitem').filter({ hasText: text });
const items = (count: number) => section().getByText(`Needs attention (${count})`).waitFor();

/** Waits until the title, the navigation, and the bar of a phone show a number. */
async function counted(count: number) {
  const text = `Queue${count} to review`;
  const link = (navigation: string) =>
    page.getByRole('navigation', { name: navigation }).getByRole('link', { name: 'Queue' });
  // On a phone, no request is selected, so that the page has its bar.
  await page.setViewportSize({ width: 360, height: 740 });
  await stage.open('/');
  await expect.poll(() => link('Main pages').textContent()).toBe(text);
  expect(await page.title()).toBe(`(${count}) Queue · GaiterGuard`);
  await page.setViewportSize({ width: 1440, height: 900 });
  await expect.poll(() => link('Pages').textContent()).toBe(text);
}

const focused = () => page.evaluate(() => document.activeElement?.id ?? '');

test('without anything to do, there is no inbox', async () => {
  await page.getByText('No pending requests').waitFor();
  expect(await section().count()).toBe(0);
  expect(await page.title()).toBe('Queue · GaiterGuard');
});

test('a credential that the service refuses is an item until it is replaced', async () => {
  stage.upstream.statuses.set('/balance', 401);
  const response = await stage.ask(key, { service_id: service, method: 'GET', path: '/balance' });
  expect(response.status).toBe(401);
  await stage.open('/');
  await item('Credential refused').getByText('payments').waitFor();
  await item(/401 or 403 in response to 1 request, /).waitFor();
  await counted(1);
  await item('Credential refused').getByRole('link').click();
  await expect.poll(focused).toBe('credential');
  const panel = page.locator('#credential');
  await panel.getByText(/responded to 1 request with 401 or 403/).waitFor();
  await stage.expectFine('service-refused');
  await panel.getByLabel('Token').fill('a-better-secret');
  await panel.getByRole('button', { name: 'Save credential' }).click();
  await panel.getByText(/with 401 or 403/).waitFor({ state: 'detached' });
  await page.getByRole('link', { name: 'Queue' }).click();
  await page.getByText('No pending requests').waitFor();
  await expect.poll(() => page.title()).toBe('Queue · GaiterGuard');
});

test('a token that cannot be renewed is an item until its service is gone', async () => {
  const id = await stage.serviceWithoutToken('books');
  const books = (await stage.agent('bookkeeper', [id])).key;
  const request = { service_id: id, method: 'GET', path: '/balance' };
  expect((await stage.ask(books, request)).status).toBe(502);
  await stage.open('/');
  await item('Token renewal failed').getByText('books').waitFor();
  await item('Token renewal failed').getByText('invalid_grant').waitFor();
  await counted(1);
  await item('Token renewal failed').getByRole('link').click();
  await expect.poll(focused).toBe('credential');
  const panel = page.locator('#credential');
  await panel.getByText(/No access token could be fetched: .*invalid_grant/).waitFor();
  await stage.expectFine('service-renewal-failed');
  expect((await stage.call('DELETE', `/services/${id}`)).status).toBe(200);
  await stage.open('/');
  await page.getByText('No pending requests').waitFor();
  expect(await section().count()).toBe(0);
});

test('a document in which nothing was found is an item until it is deleted', async () => {
  for (const [title, content] of [
    ['Guide', '# Things\n\nHandle with care.'],
    ['Nothing', '# A heading'],
  ]) {
    const document = { type: 'markdown', title, content };
    const made = await stage.call('POST', `/services/${service}/docs`, document);
    expect(made.status).toBe(201);
  }
  await page.reload();
  await item('Unreadable document').getByText('Nothing').waitFor();
  await items(1);
  await counted(1);
  await item('Unreadable document').getByRole('link').click();
  await expect.poll(focused).toMatch(/^document-\d+$/);
  const entry = page.locator(`#${await focused()}`);
  await entry.getByText('Nothing', { exact: true }).waitFor();
  await entry.getByRole('button', { name: 'Delete…' }).click();
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.getByRole('link', { name: 'Queue' }).click();
  await page.getByText('No pending requests').waitFor();
  expect(await section().count()).toBe(0);
});

test('pending, unknown, and lapsing requests are one count, and each item opens its request', async () => {
  await stage.hold(key, service, '/files/pending.txt');
  const broken = await stage.hold(key, service, '/breaks/off');
  const unused = await stage.hold(key, service, '/files/unused.txt');
  await stage.call('PATCH', `/approvals/${broken}/approve`, {});
  await stage.gateway.call('POST', `/proxy/execute/${broken}`, {}, { 'Agent-Key': key });
  await item('Outcome unknown').getByText('/breaks/off').waitFor();
  await stage.call('PATCH', `/approvals/${unused}/approve`, {});
  await counted(2);
  await expect
    .poll(async () => (await stage.call('GET', '/inbox')).json.expiring_approvals, {
      timeout: APPROVAL_SECONDS * 1000,
    })
    .toBe(1);
  await counted(3);
  await items(2);
  const lapsing = item('Approval expires soon');
  await lapsing.getByText('/files/unused.txt').waitFor();
  await stage.expectFine('inbox');
  await lapsing.getByRole('link').click();
  await expect.poll(() => page.url()).toContain(unused);
  await item('Outcome unknown').getByRole('link').click();
  await expect.poll(() => page.url()).toContain(broken);
  await page.getByLabel('Outcome', { exact: true }).waitFor();
});

test('many items are folded, so that the pending requests stay in reach', async () => {
  await stage.hold(key, service, '/files/among-many.txt');
  for (let at = 0; at < 6; at += 1) {
    const document = { type: 'markdown', title: `Empty ${at}`, content: '# A heading' };
    await stage.call('POST', `/services/${service}/docs`, document);
  }
  await page.reload();
  await page.locator('[data-entry]').first().waitFor();
  await section()
    .getByRole('button', { name: /^Show all \d+$/ })
    .waitFor();
  const listed = () => section().getByRole('listitem').count();
  expect(await listed()).toBe(2);
  await section()
    .getByRole('button', { name: /^Show all \d+$/ })
    .click();
  await item('Empty 5').waitFor();
  await section().getByRole('button', { name: 'Show fewer' }).click();
  expect(await listed()).toBe(2);
  // Without pending requests, there is room for more.
  const { json } = await stage.call('GET', '/approvals/pending');
  for (const { action_id } of json.approvals) {
    await stage.call('PATCH', `/approvals/${action_id}/deny`, {});
  }
  await expect.poll(listed).toBe(5);
});

test('no page had script errors or policy violations', () => {
  expect(stage.trouble).toEqual([]);
});
