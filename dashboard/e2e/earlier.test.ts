/** The card of an agent that asks again: how its last attempt ended, and how often it has repeated this one. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HOSTILE, Stage } from './page';

const NOTE = `Still in use ${HOSTILE}`;

let stage: Stage;
let page: Page;
let service: number;
let key: string;

beforeAll(async () => {
  stage = await Stage.start();
  page = stage.page;
  await stage.signIn();
  service = await stage.service('things');
  key = await stage.watchedAgent('ops assistant', [service]);
});

afterAll(() => stage?.stop());

/** Sends a request that is held, with a new idempotency key, and returns its action's id. */
async function hold(request: Record<string, unknown>): Promise<string> {
  const held = await stage.ask(key, { service_id: service, ...request });
  expect(held.status).toBe(428);
  return held.json.action_id;
}

/** Sends the same without a key, as a model does that asks again. */
async function ask(request: Record<string, unknown>) {
  const body = { service_id: service, ...request };
  return stage.gateway.call('POST', '/proxy', body, { 'Agent-Key': key });
}

const article = () => page.getByRole('article');
const row = (name: string) => article().locator('dt', { hasText: name }).locator('+ dd');

test('a request that was denied says so with the time, the approver, and the note', async () => {
  const removal = { method: 'DELETE', path: '/files/x.txt', intent: 'Remove x' };
  const denied = await hold(removal);
  await stage.open(`/?action=${denied}`);
  await article().getByText('Unverified: written by the agent.').waitFor();
  expect(await row('Before').count()).toBe(0);
  await page.getByRole('button', { name: 'Deny…' }).click();
  await page.getByLabel('Note to the agent').fill(NOTE);
  await page.getByRole('button', { name: 'Deny', exact: true }).click();
  await page.locator(`[data-action="${denied}"]`).waitFor({ state: 'detached' });
  await expect.poll(() => stage.status(key, denied), { timeout: 30_000 }).toBe('DENIED');

  const again = await hold({ ...removal, intent: 'Remove x, as agreed' });
  await page.locator(`[data-action="${again}"]`).click();
  const before = row('Before');
  await before.getByText('The same request: denied', { exact: true }).waitFor();
  const text = (await before.textContent()) ?? '';
  expect(text).toMatch(
    /denied (just now|\d+ (s|min) ago) by you \(user \d+\) with the note Still in use <img/,
  );
  expect(text).toContain('Its intent was Remove x');
  await stage.expectFine('card-denied-before');
  await before.getByRole('link', { name: 'Show it' }).click();
  await expect.poll(() => page.url()).toContain(denied);
  await page.locator('main').getByText('Still in use').first().waitFor();
});

test('a card counts the repetitions of its request, and stays in the queue', async () => {
  const removal = { method: 'DELETE', path: '/files/y.txt', intent: 'Remove y' };
  const first = await ask(removal);
  expect(first.status).toBe(428);
  const entry = page.locator(`[data-action="${first.json.action_id}"]`);
  await stage.open('/');
  await entry.click();
  await article().getByText('Unverified: written by the agent.').waitFor();
  expect(await article().getByText('Repeated').count()).toBe(0);
  for (const intent of [`Clean up ${HOSTILE}`, 'Please remove y', 'Please remove y']) {
    const repeated = await ask({ ...removal, intent });
    expect(repeated.json.action_id).toBe(first.json.action_id);
  }
  // Other words arrive without a reload.
  const words = () => row('The agent says').locator('li').allTextContents();
  await expect
    .poll(words, { timeout: 10_000 })
    .toEqual([expect.stringMatching(/^Clean up <img/), 'Please remove y']);
  // Events are applied in their order.
  const next = await hold({ method: 'DELETE', path: '/files/z.txt', intent: 'Remove z' });
  await page.locator(`[data-action="${next}"]`).waitFor();
  expect(await entry.count()).toBe(1);
  await page.reload();
  await article()
    .getByText(/Repeated 3 times, most recently .*With different intents:/)
    .waitFor();
  await stage.expectFine('card-repeated');
});

test('a request that differs from a failed one says how, and with which status that one failed', async () => {
  const refund = { method: 'POST', path: '/refunds', intent: 'Refund the order 7' };
  stage.upstream.statuses.set('/refunds', 422);
  const failed = await hold({ ...refund, body: { amount: 100, order: '7' } });
  await stage.call('PATCH', `/approvals/${failed}/approve`, {});
  const agent = { 'Agent-Key': key };
  const sent = await stage.gateway.call('POST', `/proxy/execute/${failed}`, {}, agent);
  expect(sent.status).toBe(422);
  const second = await hold({ ...refund, body: { amount: 90, order: '7' } });
  await stage.open(`/?action=${second}`);
  const before = row('Before');
  await before.getByText('A similar request: approved and sent', { exact: true }).waitFor();
  await before.getByText('The service responded with 422').waitFor();
  await expect
    .poll(() => before.getByRole('listitem').allTextContents())
    .toEqual([expect.stringMatching(/amount.*: 100 → 90$/)]);
});

test('no page had script errors or policy violations', () => {
  expect(stage.trouble).toEqual([]);
});
