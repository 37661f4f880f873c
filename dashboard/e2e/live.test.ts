import { afterAll, beforeAll, expect, test } from 'vitest';
import { approve, Stage } from './page';
import { holdMany, MANY, slowestFrameOfScrolling, timeToScreen } from './waiting';

let stage: Stage;
let service: number;
let key: string;

beforeAll(async () => {
  stage = await Stage.start({ JWT_ACCESS_EXPIRY: '2s', MAX_PENDING_PER_AGENT: '5000' });
  await stage.signIn();
  service = await stage.service('things');
  key = (await stage.agent('assistant', [service])).key;
});

afterAll(() => stage?.stop());

/** The machine may be busy. */
const PATIENT = { timeout: 20_000 };

const card = (action: string) => stage.page.locator(`[data-action="${action}"]`);

const hold = (path: string) => stage.hold(key, service, path);
const soon = (path: string) => timeToScreen(stage.page, hold, path);

test('a held request appears immediately', async () => {
  const times = [];
  for (let at = 0; at < 5; at += 1) times.push(await soon(`/soon/${at}`));
  console.info(`on the screen ${times.join(', ')} ms after the 428`);
  expect(Math.max(...times)).toBeLessThan(2_000);
});

test('an expired access token is refreshed in the background', async () => {
  const { page } = stage;
  // The first request after its expiry refreshes it: by a click or by the page itself.
  const refreshed = page.waitForResponse(
    (response) => response.url().endsWith('/auth/refresh') && response.ok(),
  );
  // The token's whole lifetime has to pass.
  await new Promise((later) => setTimeout(later, 2_100));
  await page.getByRole('link', { name: 'Audit' }).click();
  await refreshed;
  await page.getByRole('heading', { name: 'Audit' }).waitFor();
  await page.locator('main li').first().waitFor();
  await page.getByRole('link', { name: 'Queue' }).click();
  await page.getByRole('heading', { name: 'Queue' }).waitFor();
  expect(await soon('/still-live')).toBeLessThan(2_000);
});

test('the page recovers from a gateway restart without a reload', async () => {
  const { page } = stage;
  stage.gateway.kill();
  await page.getByText('Offline, reconnecting…').or(page.getByText('Connecting…')).waitFor();
  await stage.gateway.startAgain();
  const action = await stage.hold(key, service, '/after-the-restart');
  await card(action).waitFor();
  await page.getByRole('status').getByText('Connected', { exact: true }).waitFor();
  expect(await soon('/live-again')).toBeLessThan(2_000);
});

test('without the gateway, nothing can be decided', async () => {
  const { page } = stage;
  const action = await stage.hold(key, service, '/cut-off');
  await card(action).click();
  const button = (name: string, isDisabled: boolean) =>
    page.locator(`button[aria-disabled="${isDisabled}"]`, { hasText: name });
  await button('Approve', false).waitFor();
  stage.gateway.kill();
  await page.getByText('Not connected: you can decide once the gateway is back.').waitFor();
  await button('Approve', true).waitFor();
  await button('Deny…', true).waitFor();
  const decided: string[] = [];
  page.on('request', (request) => {
    if (request.method() === 'PATCH') decided.push(request.url());
  });
  await page.keyboard.press('a');
  await button('Approve', true).click({ force: true });
  await page.keyboard.press('d');
  expect(await page.getByRole('group', { name: 'Confirm approval' }).count()).toBe(0);
  expect(await page.getByRole('form', { name: 'Deny' }).count()).toBe(0);
  expect(decided).toEqual([]);
  await stage.gateway.startAgain();
  await page.getByText(/^Not connected/).waitFor({ state: 'detached' });
  await button('Approve', false).waitFor();
  expect(await stage.status(key, action)).toBe('PENDING');
});

test('if the connection breaks during a decision, no outcome is assumed', async () => {
  const { page } = stage;
  const action = await stage.hold(key, service, '/offline');
  await card(action).click();
  await page.locator('button[aria-disabled="false"]', { hasText: 'Approve' }).waitFor();
  await page.route('**/approve', async (route) => {
    await page.context().setOffline(true);
    await route.abort();
  });
  await approve(page);
  await page
    .getByRole('article')
    .getByText(/^Checking whether this was approved/)
    .waitFor();
  await page.unroute('**/approve');
  expect(await page.getByRole('button', { name: /^Approve( in 2 steps)?$/ }).count()).toBe(0);
  expect(await card(action).count()).toBe(1);
  expect(await stage.status(key, action)).toBe('PENDING');
  const later = await stage.hold(key, service, '/while-offline');
  await page.context().setOffline(false);
  await card(later).waitFor();
  await page.getByText(/^Not approved: the gateway could not be reached/).waitFor();
  await page.locator('button[aria-disabled="false"]', { hasText: 'Approve' }).waitFor();
  await approve(page);
  await page.getByText(/^Approved:.*offline/).waitFor();
  // The agent sees the approval once it can no longer be undone.
  await expect.poll(() => stage.status(key, action), { timeout: 15_000 }).toBe('APPROVED');
});

test('a thousand pending requests scroll and filter without a noticeable pause', async () => {
  const { page } = stage;
  await page.goto('about:blank');
  await holdMany(hold);
  const last = await hold('/the-last');
  await stage.open('/');
  await page.locator('[data-action]').first().waitFor();
  const drawn = () => page.locator('[data-action]').count();
  const scrolled = await slowestFrameOfScrolling(page);
  // Only what is near the screen is drawn, at the end of the list as well.
  await page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight));
  await expect.poll(() => card(last).isVisible(), PATIENT).toBe(true);
  expect(await drawn()).toBeLessThan(200);
  await page.evaluate(() => window.scrollTo(0, 0));
  const began = Date.now();
  await page.getByLabel('Search pending requests').fill('/many/777');
  await expect.poll(drawn, { interval: 5, ...PATIENT }).toBe(1);
  const filtered = Date.now() - began;
  await page.getByLabel('Search pending requests').fill('/one-more');
  await page.getByText(/^No pending request matches/).waitFor();
  const appeared = await soon('/one-more');
  console.info(
    `with ${MANY}: slowest frame of scrolling ${Math.round(scrolled)} ms, filtered in ${filtered} ms, one more on the screen after ${appeared} ms`,
  );
  expect(Math.max(scrolled, filtered, appeared)).toBeLessThan(2_000);
});

test('no page had script errors or policy violations', () => {
  expect(stage.trouble).toEqual([]);
});
