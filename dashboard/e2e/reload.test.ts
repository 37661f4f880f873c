import { afterAll, beforeAll, expect, test } from 'vitest';
import { Stage } from './page';
import { ReverseProxy } from './proxy';

/** How late the response to a refresh is, so that it arrives after the page that asked is gone. */
const LATE_MS = 400;

/** How long after a lost response the user tries again. */
const AGAIN_MS = 2_000;

const REFRESH = '/auth/refresh';

let stage: Stage;
let proxy: ReverseProxy;
let url: string;

beforeAll(async () => {
  proxy = await ReverseProxy.listen();
  proxy.lateMs.set(REFRESH, LATE_MS);
  url = proxy.url;
  stage = await Stage.start({ PUBLIC_URL: url });
  proxy.gatewayUrl = stage.gateway.url;
  await stage.signIn();
  await stage.page.goto(`${url}/app/`);
  await stage.page.getByRole('heading', { name: 'Queue' }).waitFor();
});

afterAll(async () => {
  await stage?.stop();
  proxy?.stop();
});

/** Returns the browser's refresh token. */
async function token(): Promise<string | undefined> {
  const cookies = await stage.page.context().cookies(`${url}/auth`);
  return cookies.find(({ name }) => name === 'gaiterguard_refresh')?.value;
}

/** Reloads the page, and returns while it waits for the token of its session. */
async function reload() {
  const refreshing = stage.page.waitForRequest('**/auth/refresh');
  await stage.page.reload({ waitUntil: 'commit' });
  await refreshing;
}

test('a page that is left while it resumes its session keeps it', async () => {
  const { page } = stage;
  const before = await token();
  await reload();
  await page.goto('about:blank');
  await expect.poll(token).not.toBe(before);
  await page.goto(`${url}/app/`);
  await page.getByRole('heading', { name: 'Queue' }).waitFor();
});

test('a page that is reloaded four times in a row stays signed in', async () => {
  const { page } = stage;
  for (let at = 0; at < 4; at += 1) await reload();
  await page.getByRole('heading', { name: 'Queue' }).waitFor();
  for (let at = 0; at < 4; at += 1) await page.reload({ waitUntil: 'domcontentloaded' });
  await page.getByRole('heading', { name: 'Queue' }).waitFor();
});

test('a session whose new token was lost on the way is resumed two seconds later', async () => {
  const { page } = stage;
  await stage.gateway.signIn(page.context());
  const before = await token();
  proxy.losing.add(REFRESH);
  await page.goto(`${url}/app/`);
  await page.getByText('the gateway could not be reached').waitFor();
  expect(proxy.lost).toContain(`POST ${REFRESH}`);
  expect(await token()).toBe(before);
  proxy.losing.delete(REFRESH);
  await new Promise((later) => setTimeout(later, AGAIN_MS));
  await page.reload();
  await page.getByRole('heading', { name: 'Queue' }).waitFor();
  expect(await token()).not.toBe(before);
  // The session continues from the new token.
  await page.reload();
  await page.getByRole('heading', { name: 'Queue' }).waitFor();
});
