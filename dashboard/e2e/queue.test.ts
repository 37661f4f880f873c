import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ACCOUNT, Gateway, launch, Upstream } from './gateway';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let upstream: Upstream;
let gateway: Gateway;
let browser: Browser;
let page: Page;
const trouble: string[] = [];
let agent: Record<string, string>;
let service: number;

beforeAll(async () => {
  upstream = await Upstream.start();
  gateway = await Gateway.start(upstream.port);
  browser = await launch();
  page = await open();
  await page.goto(`${gateway.url}/app/`);
  await signIn(page, 'Create account');
  await page.getByText('Nothing waits for you').waitFor();
  const login = await gateway.call('POST', '/auth/login', ACCOUNT);
  const me = { Authorization: `Bearer ${login.json.accessToken}` };
  const made = await gateway.call(
    'POST',
    '/services',
    {
      name: 'things',
      baseUrl: `http://127.0.0.1:${upstream.port}`,
      authType: 'bearer',
      credentials: { token: 'the-real-secret' },
    },
    me,
  );
  service = made.json.id;
  const added = await gateway.call(
    'POST',
    '/agents',
    { name: '<i>assistant</i>', serviceIds: [service] },
    me,
  );
  agent = { 'Agent-Key': added.json.apiKey };
});

afterAll(async () => {
  await browser?.close();
  gateway?.stop();
  upstream?.stop();
});

async function open(): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const opened = await context.newPage();
  opened.on('pageerror', (error) => trouble.push(error.message));
  opened.on('console', (message) => {
    if (/Content Security Policy|Refused to/.test(message.text())) trouble.push(message.text());
  });
  return opened;
}

/** Signs in, or makes the account; a browser that is new here offers the latter first. */
async function signIn(at: Page, how: 'Sign in' | 'Create account') {
  if (how === 'Sign in') await at.getByRole('button', { name: 'I have an account' }).click();
  await at.getByLabel('E-mail').fill(ACCOUNT.email);
  await at.getByLabel('Password').fill(ACCOUNT.password);
  await at.getByRole('button', { name: how, exact: true }).click();
}

/** Approves what is selected, with the second press where one is asked for. */
async function approve(at: Page) {
  await at.getByRole('button', { name: 'Approve', exact: true }).click();
  const again = at.getByRole('button', { name: 'Press again to approve' });
  if (await again.count()) await again.click();
}

async function hold(path: string, intent: string): Promise<string> {
  const held = await gateway.call(
    'POST',
    '/proxy',
    { service_id: service, method: 'DELETE', path, intent },
    agent,
  );
  expect(held.status).toBe(428);
  return held.json.action_id;
}

async function status(action: string): Promise<string> {
  const answer = await gateway.call('GET', `/status/${action}`, undefined, agent);
  return answer.json.status;
}

test('a held request is shown by itself, approved, and the gateway has heard of it', async () => {
  const action = await hold('/files/notes.txt', 'Remove the notes');
  await page.getByText('/files/notes.txt').first().waitFor();
  await approve(page);
  await page.getByText(/^Approved:/).waitFor();
  expect(await status(action)).toBe('APPROVED');
  expect(upstream.received).toEqual([]);
  await gateway.call('POST', `/proxy/execute/${action}`, {}, agent);
  expect(upstream.received).toEqual(['DELETE /files/notes.txt']);
});

test('what an agent wrote is text, and its invisible characters are seen', async () => {
  const intent = '<img src=x onerror=alert(1)> {{7*7}} \u202Egnp.exe';
  const action = await hold('/files/%3Cscript%3E', intent);
  await page.getByText('<img src=x onerror=alert(1)>').first().waitFor();
  await page.getByText('U+202E').first().waitFor();
  expect(await page.locator('main img[src="x"]').count()).toBe(0);
  expect(await status(action)).toBe('PENDING');
});

test('the keyboard denies, and the note reaches the agent', async () => {
  const action = await hold('/files/typed.txt', 'Remove it');
  await page.locator(`[data-action="${action}"]`).click();
  await page.getByRole('article').getByText('/files/typed.txt').first().waitFor();
  await page.keyboard.press('d');
  await page.getByLabel('Note to the agent').waitFor();
  await page.keyboard.type('not this one');
  await page.keyboard.press('Enter');
  await page.getByText(/^Denied:/).waitFor();
  const answer = await gateway.call('GET', `/status/${action}`, undefined, agent);
  expect(answer.json).toMatchObject({ status: 'DENIED', note: 'not this one' });
});

test('of two browsers that decide at once one wins, and the other is told', async () => {
  const action = await hold('/files/raced.txt', 'Remove it');
  const other = await open();
  await other.goto(`${gateway.url}/app/`);
  await signIn(other, 'Sign in');
  await other.locator(`[data-action="${action}"]`).click();
  await page.locator(`[data-action="${action}"]`).click();

  // The approval is on its way while the other browser denies.
  let isHeld: () => void;
  const held = new Promise<void>((resolve) => {
    isHeld = resolve;
  });
  let release: () => void;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route('**/approve', async (route) => {
    isHeld();
    await released;
    await route.continue();
  });
  await approve(page);
  await held;
  await other.getByRole('button', { name: 'Deny…' }).click();
  await other.getByRole('button', { name: 'Deny', exact: true }).click();
  await other.getByText(/^Denied:/).waitFor();
  // biome-ignore lint/style/noNonNullAssertion: a promise calls this at once
  release!();
  await page.getByText(/^You have not approved it/).waitFor();
  await page.getByText('This request waits no longer: it is denied.').waitFor();
  expect(await status(action)).toBe('DENIED');
  await page.unroute('**/approve');
  await other.context().close();
});

test('a call that fails leaves the request where it was, and says so', async () => {
  const action = await hold('/files/offline.txt', 'Remove it');
  await page.locator(`[data-action="${action}"]`).click();
  await page.route('**/approve', (route) => route.abort());
  await approve(page);
  await page.getByText(/^You have not approved it: the gateway could not be reached/).waitFor();
  expect(await page.locator(`[data-action="${action}"]`).count()).toBe(1);
  expect(await status(action)).toBe('PENDING');
  await page.unroute('**/approve');
  await approve(page);
  await page.getByText(/^Approved:.*offline/).waitFor();
  expect(await status(action)).toBe('APPROVED');
});

test('a reload takes the session up again', async () => {
  await page.reload();
  await page.getByRole('heading', { name: 'Queue' }).waitFor();
});

test('no page broke and none broke its policy', () => {
  expect(trouble).toEqual([]);
});

test('it has no accessibility faults, in the light, in the dark and on a phone', async () => {
  for (const [colorScheme, width] of [
    ['light', 1440],
    ['dark', 1440],
    ['light', 360],
    ['dark', 360],
  ] as const) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 800 });
    const scrolls = await page.evaluate(
      () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
    );
    expect(scrolls, `${colorScheme} ${width}`).toBe(false);
    await page.evaluate(AXE);
    const faults = await page.evaluate(
      'axe.run().then((found) => found.violations.map(({ id, nodes }) => [id, nodes.map((n) => n.html)]))',
    );
    if (process.env.SCREENSHOTS) {
      await page.screenshot({ path: `${process.env.SCREENSHOTS}/${colorScheme}-${width}.png` });
    }
    expect(faults, `${colorScheme} ${width}`).toEqual([]);
  }
});
