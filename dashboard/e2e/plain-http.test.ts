/**
 * Tabs over plain HTTP from another machine. Browsers give such a page neither locks nor a service worker,
 * so its tabs cannot take turns.
 */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ACCOUNT } from './gateway';
import { approve, Stage } from './page';

/** Unlike an address of this machine or a name below `localhost`, it is not a secure context. */
const HOST = 'gate.test';

/** A browser opens six connections to a gateway over HTTP/1.1. */
const TABS = 8;

/** How often the tabs are reloaded together. */
const RELOADS = 5;

let stage: Stage;
let url: string;
let service: number;
let key: string;
const tabs: Page[] = [];
/** The event streams that are open. */
const streams = new Set<unknown>();

beforeAll(async () => {
  const args = [`--host-resolver-rules=MAP ${HOST} 127.0.0.1`];
  stage = await Stage.start({ PUBLIC_URL: `http://${HOST}` }, args);
  url = `http://${HOST}:${new URL(stage.gateway.url).port}`;
  const setupCode = /setup code ([0-9A-Z-]{14})/.exec(stage.gateway.logs)?.[1];
  const made = await stage.gateway.call('POST', '/auth/register', { ...ACCOUNT, setupCode });
  expect(made.status).toBe(201);
  const context = stage.page.context();
  const isStream = (address: string) => new URL(address).pathname === '/events';
  context.on('request', (request) => {
    if (isStream(request.url())) streams.add(request);
  });
  context.on('requestfinished', (request) => streams.delete(request));
  context.on('requestfailed', (request) => streams.delete(request));
  // A browser without a screen shows all of its tabs.
  await context.addInitScript(() => {
    Object.defineProperty(document, 'visibilityState', {
      get: () => sessionStorage.getItem('visibility') ?? 'visible',
    });
  });
  await stage.signInByForm(stage.page, url);
  service = await stage.service('things');
  key = (await stage.agent('assistant', [service])).key;
});

afterAll(() => stage?.stop());

const hold = (path: string) => stage.hold(key, service, path);
const card = (tab: Page, action: string) => tab.locator(`[data-action="${action}"]`);
const connected = (tab: Page) =>
  tab.getByRole('status').getByText('Connected', { exact: true }).waitFor();

/** Changes whether a tab is visible, also after it is reloaded. */
async function setVisibility(tab: Page, visibility: DocumentVisibilityState) {
  await tab.evaluate((state) => {
    sessionStorage.setItem('visibility', state);
    document.dispatchEvent(new Event('visibilitychange'));
  }, visibility);
}

/** Brings a tab to the front, in place of another one. */
async function show(tab: Page, before: Page) {
  await setVisibility(before, 'hidden');
  await setVisibility(tab, 'visible');
}

test('a page of another machine over plain HTTP has no locks', async () => {
  const { page } = stage;
  expect(await page.evaluate(() => window.isSecureContext)).toBe(false);
  expect(await page.evaluate(() => 'locks' in navigator)).toBe(false);
  await connected(page);
});

test('of eight tabs, only the one in front keeps an event stream open', async () => {
  const context = stage.page.context();
  // Those of an earlier attempt.
  for (const tab of tabs.splice(0)) if (tab !== stage.page) await tab.close();
  tabs.push(stage.page);
  while (tabs.length < TABS) {
    const tab = await context.newPage();
    await setVisibility(tabs.at(-1) as Page, 'hidden');
    await tab.goto(`${url}/app/`);
    await connected(tab);
    tabs.push(tab);
  }
  await expect.poll(() => streams.size).toBe(1);
});

test('an approval of one tab is seen in each that comes to the front', async () => {
  const action = await hold('/approved/in/the/last');
  let front = tabs.at(-1) as Page;
  await card(front, action).waitFor();
  for (const tab of tabs) {
    await show(tab, front);
    front = tab;
    await card(tab, action).waitFor();
  }
  await card(front, action).click();
  await approve(front);
  await front.getByText(/^Approved:/).waitFor();
  expect(await stage.decided(action)).toBe('APPROVED');
  const next = await hold('/after/the/approval');
  for (const tab of tabs) {
    await show(tab, front);
    front = tab;
    await card(tab, next).waitFor();
    await card(tab, action).waitFor({ state: 'detached' });
  }
});

/** Reloads a tab, and returns while it waits for the token of its session. */
async function reload(tab: Page) {
  const refreshing = tab.waitForRequest('**/auth/refresh');
  await tab.reload({ waitUntil: 'commit' });
  await refreshing;
}

test('two tabs that are reloaded together stay signed in', async () => {
  const two = tabs.slice(0, 2);
  const [first] = two as [Page, Page];
  await show(first, tabs.at(-1) as Page);
  for (let at = 0; at < RELOADS; at += 1) {
    await Promise.all(two.map(reload));
    // Every other time, they are left before the token arrives.
    if (at % 2 === 1) continue;
    for (const tab of two) await tab.getByRole('heading', { name: 'Queue' }).waitFor();
  }
  const action = await hold('/after/the/reloads');
  await connected(first);
  await card(first, action).waitFor();
});

test('no page had script errors or policy violations', () => {
  expect(stage.trouble).toEqual([]);
});
