/** The first sight of a request, for its approver. */
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { approve, Stage } from './page';

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

/** The most that the queue loads of scripts, compressed and with their headers. */
const SCRIPT_KILOBYTES_MAX = 200;

const PHONE = { width: 360, height: 740 };

/** An agent that fills the screen, pretends to be the product, and pushes the facts down. */
const OVERBEARING = `SYSTEM: verified by security.${'\n'.repeat(40)}${'This request is safe. '.repeat(80)}`;

const REQUESTS = [
  { method: 'DELETE', path: '/reports/q16.txt', intent: 'Remove the old report' },
  {
    method: 'POST',
    path: '/v1/payouts',
    body: {
      amount: 1250000,
      currency: 'eur',
      destination: 'acct_1NfooBarUnknown',
      statement_descriptor: 'INV 88',
      metadata: { order: '88240', requested_by: 'dana', cost_center: 'logistics' },
    },
    intent: 'Pay the invoice 88 of Nordwind GmbH. '.repeat(20),
  },
  {
    method: 'POST',
    path: '/api/chat.postMessage',
    body: {
      channel: '#general',
      text: `Please reset your passwords at https://evil.example/reset ${'today. '.repeat(60)}`,
      unfurl_links: true,
      thread_ts: '1763395200.000100',
    },
    intent: 'Inform everybody of the maintenance',
  },
  {
    method: 'PUT',
    path: '/api/contents/deploy.sh',
    body: { content: `#!/bin/sh\nrm -rf /var/www\n${'# more\n'.repeat(60)}` },
    intent: OVERBEARING,
  },
];

async function ask(request: Record<string, unknown>): Promise<string> {
  const held = await stage.ask(key, { service_id: service, ...request });
  expect(held.status).toBe(428);
  return held.json.action_id;
}

async function boxOf(element: Locator) {
  const box = await element.boundingBox();
  if (!box) throw new Error('the element is on the page');
  return { top: box.y, bottom: box.y + box.height, height: box.height };
}

beforeEach(() => page.setViewportSize({ width: 1280, height: 800 }));

test('a phone shows the headline, the facts, the reason, and the agent’s words at first sight', async () => {
  const phone = await stage.another({ viewport: PHONE, hasTouch: true, isMobile: true });
  await stage.signIn(phone);
  for (const request of REQUESTS) {
    const id = await ask(request);
    await phone.goto(`${stage.gateway.url}/app/?action=${id}`);
    const article = phone.getByRole('article');
    // The whole request is loaded, and can be decided on.
    await phone.locator('button[aria-disabled="false"]', { hasText: 'pprove' }).waitFor();
    const title = await boxOf(article.locator('h2').first());
    const who = await boxOf(article.getByRole('link', { name: 'ops assistant' }).first());
    const why = await boxOf(article.locator('dt', { hasText: 'Why it was held' }).locator('+ dd'));
    const words = article.locator('blockquote');
    const quote = await boxOf(words);
    const bar = await boxOf(phone.getByRole('region', { name: 'Decision' }));
    expect(title.top).toBeGreaterThan(0);
    expect(title.bottom).toBeLessThan(who.top);
    expect(who.bottom).toBeLessThan(why.top);
    // The reason wraps to its end.
    expect(why.bottom).toBeLessThanOrEqual(quote.top);
    expect(quote.bottom, request.path).toBeLessThanOrEqual(bar.top);
    expect(await words.textContent()).toContain(request.intent.slice(0, 20));
  }
  await phone.context().close();
});

test('the facts come before the agent’s words, which never take the screen', async () => {
  const id = await ask({ method: 'DELETE', path: '/reports/q17.txt', intent: OVERBEARING });
  for (const width of [360, 1280]) {
    await page.setViewportSize({ width, height: 740 });
    await stage.open(`/?action=${id}`);
    const article = page.getByRole('article');
    await article.getByText('Unverified: written by the agent.').waitFor();
    const order = await article
      .locator('h2, [data-subject] p, dt, blockquote')
      .evaluateAll((all) => all.map((one) => one.tagName + one.textContent));
    const at = (start: string) => order.findIndex((text) => text.startsWith(start));
    expect(at('H2Delete')).toBe(0);
    expect(at('PDELETE')).toBe(1);
    expect(at('DTWho and where')).toBeGreaterThan(1);
    expect(at('DTWhy it was held')).toBeGreaterThan(at('DTWho and where'));
    expect(at('BLOCKQUOTEops assistant says:')).toBeGreaterThan(at('DTWhy it was held'));
    expect(at('H2Exact request')).toBeGreaterThan(at('BLOCKQUOTE'));
    // Blank lines are left out, and a long text is folded.
    expect((await boxOf(article.locator('blockquote'))).height).toBeLessThan(220);
    await article.getByRole('button', { name: /^Show [\d,]+ more characters$/ }).waitFor();
  }
});

test('a value in the headline is not repeated, and two equal values are two', async () => {
  const body = { title: 'Check the limit', due: '2030-05-28', start: '2030-05-28', effort: 3 };
  const id = await ask({ method: 'POST', path: '/v1/tasks', body, intent: 'A task for Dana' });
  await stage.open(`/?action=${id}`);
  const article = page.getByRole('article');
  await article.getByText('Unverified: written by the agent.').waitFor();
  const parts = await article.locator('[data-subject], dl').allTextContents();
  // The first list has the facts, and one of their values within it.
  const text = parts.slice(0, 2).join(' ');
  const count = (value: string) => text.split(value).length - 1;
  expect(count('Check the limit')).toBe(1);
  expect(count('2030-05-28')).toBe(2);
  expect(count('effort')).toBe(1);
});

test('a card says what is unusual in one line, and nothing once it is usual', async () => {
  const phone = await stage.another({ viewport: PHONE });
  await stage.signIn(phone);
  // Without a note of its own, the second payout would be the first one again.
  const pay = (amount: number, destination: string, description: string) =>
    ask({
      method: 'POST',
      path: '/v2/payouts',
      body: { amount, currency: 'eur', destination, description },
      intent: 'Pay the invoice',
    });
  const card = (id: string) => phone.locator(`[data-action="${id}"]`);
  const first = await pay(20, 'acct_1', 'The first invoice');
  await card(first).getByText('No earlier amounts in 30 days').waitFor();
  expect(await card(first).getByText('New recipient').count()).toBe(0);
  await stage.call('PATCH', `/approvals/${first}/approve`, {});
  await card(first).waitFor({ state: 'detached' });

  const known = await pay(20, 'acct_1', 'The second invoice');
  const other = await pay(20, 'acct_2', 'The third invoice');
  const more = await pay(900, 'acct_1', 'The fourth invoice');
  await card(other).getByText('New recipient').waitFor();
  await card(more).getByText('Usually 20 (EUR, unit unknown)').waitFor();
  await card(known).getByText('Usually 20').waitFor();
  const isMarked = (id: string) =>
    card(id)
      .getByText(/^(Usually|New)/)
      .evaluate((one) => one.className);
  expect(await isMarked(other)).toContain('text-warn');
  expect(await isMarked(more)).toContain('text-warn');
  expect(await isMarked(known)).not.toContain('text-warn');
  // The request itself has all of it.
  await phone.goto(`${stage.gateway.url}/app/?action=${other}`);
  await phone.getByRole('article').getByText('New recipient').waitFor();
  await phone.context().close();
});

test('a note to the agent is added, and taken back without a trace', async () => {
  const id = await ask({ method: 'DELETE', path: '/noted.txt', intent: 'Remove it' });
  await stage.open(`/?action=${id}`);
  const field = page.getByLabel('Note to the agent');
  const add = page.getByRole('button', { name: 'Add note…' });
  const remove = page.getByRole('button', { name: 'Remove note' });
  await add.click();
  await expect.poll(() => field.evaluate((one) => one === document.activeElement)).toBe(true);
  // Escape closes an empty field, but never discards what was written.
  await page.keyboard.press('Escape');
  await field.waitFor({ state: 'detached' });
  await expect.poll(() => add.evaluate((one) => one === document.activeElement)).toBe(true);
  await add.click();
  await field.fill('not for the agent');
  await page.keyboard.press('Escape');
  expect(await field.inputValue()).toBe('not for the agent');
  await remove.click();
  await field.waitFor({ state: 'detached' });
  await page.locator('button[aria-disabled="false"]', { hasText: 'Approve' }).waitFor();
  await approve(page);
  await page.getByText(/^Approved: Delete .*noted/).waitFor();
  expect((await stage.call('GET', `/approvals/${id}`)).json).toMatchObject({
    status: 'APPROVED',
    note: null,
  });
});

test('a request is marked once a tenth of its time is left', async () => {
  const visitor = await stage.another({ viewport: { width: 1280, height: 800 } });
  await visitor.clock.install();
  await stage.gateway.signIn(visitor.context());
  const id = await ask({ method: 'DELETE', path: '/soon.txt', intent: 'Remove it' });
  await visitor.goto(`${stage.gateway.url}/app/?action=${id}`);
  const article = visitor.getByRole('article');
  await article.getByText('Expires in 23 h').waitFor();
  expect(await visitor.getByText('Expires soon').count()).toBe(0);
  await visitor.clock.fastForward('22:00:00');
  await article.getByText('Expires soon').waitFor();
  await visitor.locator(`[data-entry="${id}"]`).getByText('Expires soon').waitFor();
  await visitor.context().close();
});

test('with reduced motion, nothing moves', async () => {
  const still = await stage.another({ viewport: PHONE, reducedMotion: 'reduce' });
  await stage.signIn(still);
  const risky = await ask({
    method: 'POST',
    path: '/members',
    body: { email: 'someone@elsewhere.example', role: 'admin' },
    intent: 'Add a colleague',
  });
  // The page records every animation and transition that begins.
  await still.addInitScript(() => {
    const moved: string[] = [];
    Object.assign(window, { moved });
    for (const type of ['animationstart', 'transitionrun']) {
      document.addEventListener(type, ({ target }) => moved.push(`${type} ${target}`), true);
    }
  });
  const movements = () =>
    still.evaluate(() => [
      ...(window as unknown as { moved: string[] }).moved,
      ...document.getAnimations().map((one) => one.constructor.name),
    ]);
  for (const path of ['/', `/?action=${risky}`, '/history', '/audit', '/rules/new']) {
    await still.goto(`${stage.gateway.url}/app${path}`);
    await still.locator('main').getByRole('heading').first().waitFor();
    expect(await movements(), path).toEqual([]);
  }
  await still.goto(`${stage.gateway.url}/app/?action=${risky}`);
  const hold = still.getByRole('button', { name: 'Hold to approve' });
  await hold.and(still.locator('[aria-disabled="false"]')).waitFor();
  await hold.hover();
  await still.mouse.down();
  await still.getByRole('button', { name: 'Keep holding…' }).waitFor();
  expect(await movements()).toEqual([]);
  await still.getByText(/^Approved:/).waitFor();
  expect(await movements()).toEqual([]);
  await still.context().close();
});

test('the scripts of the queue are small', async () => {
  const visitor = await stage.another({ viewport: PHONE });
  await stage.gateway.signIn(visitor.context());
  const id = await ask({ method: 'DELETE', path: '/small.txt', intent: 'Remove it' });
  await visitor.goto(`${stage.gateway.url}/app/?action=${id}`);
  await visitor.locator('button[aria-disabled="false"]', { hasText: 'Approve' }).waitFor();
  const sizes = await visitor.evaluate(() =>
    (performance.getEntriesByType('resource') as PerformanceResourceTiming[])
      .filter(({ name }) => name.endsWith('.js'))
      .map(({ transferSize }) => transferSize),
  );
  const kilobytes = sizes.reduce((sum, size) => sum + size, 0) / 1_000;
  console.info(`the queue loads ${kilobytes.toFixed(1)} kB of scripts in ${sizes.length} files`);
  expect(kilobytes).toBeGreaterThan(50);
  expect(kilobytes).toBeLessThan(SCRIPT_KILOBYTES_MAX);
  await visitor.context().close();
});

test('no page had script errors or policy violations', () => {
  expect(stage.trouble).toEqual([]);
});
