import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { approve, Stage } from './page';

/** A browser opens six connections to a gateway over HTTP/1.1. */
const TABS = 8;

let stage: Stage;
let key: string;
let service: number;
const tabs: Page[] = [];
let streams = 0;

beforeAll(async () => {
  stage = await Stage.start();
  await stage.signIn();
  service = await stage.service('things');
  key = (await stage.agent('assistant', [service])).key;
  await stage.page.goto('about:blank');
  const context = stage.page.context();
  context.on('request', (request) => {
    if (new URL(request.url()).pathname === '/events') streams += 1;
  });
  tabs.push(stage.page);
  while (tabs.length < TABS) tabs.push(await context.newPage());
});

afterAll(() => stage?.stop());

const hold = (path: string) => stage.hold(key, service, path);
const first = () => tabs[0] as Page;
const last = () => tabs.at(-1) as Page;

/** Opens the queue in each tab, in the first one before the others, and counts the streams from there. */
async function openAll() {
  for (const tab of tabs) await tab.goto('about:blank');
  streams = 0;
  for (const tab of tabs) {
    await tab.goto(`${stage.gateway.url}/app/`);
    await tab.getByRole('status').getByText('Connected', { exact: true }).waitFor();
  }
}

test('eight tabs share one event stream, and each is connected', async () => {
  await openAll();
  await hold('/for/every/tab');
  for (const tab of tabs) await tab.getByText('/for/every/tab').first().waitFor();
  expect(streams).toBe(1);
});

test('an approval of any tab is seen in all of them', async () => {
  for (const tab of [first(), last()]) {
    const action = await hold('/decided/in/one');
    const entry = `[data-action="${action}"]`;
    for (const each of tabs) await each.locator(entry).waitFor();
    await tab.bringToFront();
    await tab.locator(entry).click();
    await approve(tab);
    await tab.getByText(/^Approved:/).waitFor();
    expect(await stage.decided(action)).toBe('APPROVED');
    for (const each of tabs) await each.locator(entry).waitFor({ state: 'detached' });
  }
});

test('when the tab with the stream closes, another one takes over', async () => {
  await openAll();
  await first().close();
  tabs.shift();
  await expect.poll(() => streams, { timeout: 10_000 }).toBe(2);
  await hold('/after/the/first');
  for (const tab of tabs) await tab.getByText('/after/the/first').first().waitFor();
  for (const tab of tabs)
    await tab.getByRole('status').getByText('Connected', { exact: true }).waitFor();
});

test('without a connection, every tab says since when, and Retry reconnects all of them', async () => {
  const context = last().context();
  await context.route('**/events', (route) => route.abort());
  stage.gateway.kill();
  await stage.gateway.startAgain();
  for (const tab of tabs) await tab.getByText(/^Offline since \d/).waitFor();
  expect(await last().getByText('This page may be out of date.').isVisible()).toBe(true);
  await last().setViewportSize({ width: 360, height: 740 });
  const tooWide = await last().evaluate(
    () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
  );
  expect(tooWide).toBe(false);
  await last().setViewportSize({ width: 1440, height: 900 });
  // After six attempts, the pause before the next one is longer than the test waits.
  const attempts = streams;
  await expect.poll(() => streams, { timeout: 30_000 }).toBeGreaterThanOrEqual(attempts + 5);
  await context.unroute('**/events');
  // Not the tab that reads the stream: it has to ask that one.
  await last().getByRole('button', { name: 'Retry' }).click();
  for (const tab of tabs) {
    await tab.getByText(/^Offline since/).waitFor({ state: 'detached', timeout: 3_000 });
  }
  await hold('/after/the/restart');
  for (const tab of tabs) await tab.getByText('/after/the/restart').first().waitFor();
});

test('the kill switch works in every tab', async () => {
  await last().getByRole('button', { name: 'Stop agents' }).click();
  await last().getByLabel('Type STOP to confirm').fill('STOP');
  await last().getByRole('button', { name: 'Stop all agents' }).click();
  for (const tab of tabs) await tab.getByText('The kill switch is on').waitFor();
});

test('a kill switch without a response says so, and shows the gateway’s state', async () => {
  const tab = last();
  await tab.route('**/kill-switch', (route) => {
    if (route.request().method() === 'GET') return route.continue();
    // The request gets no response.
  });
  await tab.getByRole('button', { name: 'Resume agents' }).click();
  await tab.getByLabel('Type RESUME to confirm').fill('RESUME');
  await tab.getByRole('button', { name: 'Resume all agents' }).click();
  await tab.getByText('the gateway did not respond in time').waitFor({ timeout: 30_000 });
  await tab.getByText('The kill switch is on').waitFor();
});
