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

test('a held request is on the screen at once', async () => {
  const times = [];
  for (let at = 0; at < 5; at += 1) times.push(await soon(`/soon/${at}`));
  console.info(`on the screen ${times.join(', ')} ms after the 428`);
  expect(Math.max(...times)).toBeLessThan(2_000);
});

test('an access token that has expired is renewed in the background', async () => {
  const { page } = stage;
  // Whatever asks first after its end renews it: a click, or the page by itself.
  const renewed = page.waitForResponse(
    (answer) => answer.url().endsWith('/auth/refresh') && answer.ok(),
  );
  // The token's whole lifetime has to pass.
  await new Promise((later) => setTimeout(later, 2_100));
  await page.getByRole('link', { name: 'Audit' }).click();
  await renewed;
  await page.getByText('action.created').first().waitFor();
  await page.getByRole('link', { name: 'Queue' }).click();
  await page.getByRole('heading', { name: 'Queue' }).waitFor();
  expect(await soon('/still-live')).toBeLessThan(2_000);
});

test('a restart of the gateway is got over without a reload', async () => {
  const { page } = stage;
  stage.gateway.kill();
  await page.getByText('Not connected').or(page.getByText('Connecting…')).waitFor();
  await stage.gateway.startAgain();
  const action = await stage.hold(key, service, '/after-the-restart');
  await card(action).waitFor();
  await page.getByRole('status').getByText('Live').waitFor();
  expect(await soon('/live-again')).toBeLessThan(2_000);
});

test('offline nothing is believed, and back on the network everything is made up for', async () => {
  const { page } = stage;
  const action = await stage.hold(key, service, '/offline');
  await card(action).click();
  // Nothing is decided before all of it has been loaded.
  await page.getByRole('button', { name: 'Approve', exact: true, disabled: false }).waitFor();
  await page.context().setOffline(true);
  await approve(page);
  await page
    .getByRole('article')
    .getByText(/^We do not know whether this was approved/)
    .waitFor();
  expect(await page.getByRole('button', { name: 'Approve', exact: true }).count()).toBe(0);
  expect(await card(action).count()).toBe(1);
  expect(await stage.status(key, action)).toBe('PENDING');
  const meanwhile = await stage.hold(key, service, '/meanwhile');
  await page.context().setOffline(false);
  await card(meanwhile).waitFor();
  await page.getByText(/^You have not approved it: the gateway could not be reached/).waitFor();
  await approve(page);
  await page.getByText(/^Approved:.*offline/).waitFor();
  expect(await stage.status(key, action)).toBe('APPROVED');
});

test('a thousand that wait scroll and filter without a pause that is felt', async () => {
  const { page } = stage;
  await page.goto('about:blank');
  await holdMany(hold);
  await stage.open('/');
  await page.getByText(/^\d{3,} more below$/).waitFor();
  const drawn = () => page.locator('[data-action]').count();
  const atFirst = await drawn();
  const scrolled = await slowestFrameOfScrolling(page);
  await expect.poll(drawn, PATIENT).toBeGreaterThan(atFirst * 2);
  await page.evaluate(() => window.scrollTo(0, 0));
  const began = Date.now();
  await page.getByLabel('Filter the list').fill('/many/777');
  await expect.poll(drawn, { interval: 5, ...PATIENT }).toBe(1);
  const filtered = Date.now() - began;
  await page.getByLabel('Filter the list').fill('/one-more');
  await page.getByText('Nothing that waits matches').waitFor();
  const appeared = await soon('/one-more');
  console.info(
    `with ${MANY}: slowest frame of scrolling ${Math.round(scrolled)} ms, filtered in ${filtered} ms, one more on the screen after ${appeared} ms`,
  );
  expect(Math.max(scrolled, filtered, appeared)).toBeLessThan(2_000);
});

test('no page broke and none broke its policy', () => {
  expect(stage.trouble).toEqual([]);
});
