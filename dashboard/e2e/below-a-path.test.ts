/** The dashboard below a path of its host, behind a reverse proxy that removes the path. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ACCOUNT } from './gateway';
import { approve, Stage } from './page';
import { ReverseProxy } from './proxy';

const PATH = '/gate';

let stage: Stage;
let proxy: ReverseProxy;
let service: number;
let key: string;

beforeAll(async () => {
  proxy = await ReverseProxy.listen(PATH);
  stage = await Stage.start({ PUBLIC_URL: proxy.url });
  proxy.gatewayUrl = stage.gateway.url;
});

afterAll(async () => {
  await stage?.stop();
  proxy?.stop();
});

test('a user signs in at the address with the path, and a reload keeps the session', async () => {
  const { page } = stage;
  await stage.signInByForm(page, proxy.url);
  expect(new URL(page.url()).pathname).toBe(`${PATH}/app/`);
  const cookies = await page.context().cookies(`${proxy.url}/auth`);
  expect(cookies.map(({ path }) => path)).toContain(`${PATH}/auth`);
  await page.reload();
  await page.getByRole('heading', { name: 'Queue' }).waitFor();
  await page.getByRole('status').getByText('Connected', { exact: true }).waitFor();
});

test('a held request appears without a reload, and is approved and sent', async () => {
  const { page } = stage;
  service = await stage.service('things');
  key = (await stage.agent('assistant', [service])).key;
  const action = await stage.hold(key, service, '/files/below.txt');
  await page.locator(`[data-action="${action}"]`).click();
  expect(new URL(page.url()).pathname).toBe(`${PATH}/app/`);
  await approve(page);
  await page.getByText(/^Approved: Delete .*below/).waitFor();
  expect(await stage.decided(action)).toBe('APPROVED');
  await page.locator(`[data-action="${action}"]`).waitFor({ state: 'detached' });
  // The agent learns of an approval once it can no longer be undone.
  await expect.poll(() => stage.status(key, action), { timeout: 30_000 }).toBe('APPROVED');
  const agent = { 'Agent-Key': key };
  const sent = await stage.gateway.call('POST', `/proxy/execute/${action}`, {}, agent);
  expect(sent.status).toBe(200);
  expect(stage.upstream.received).toEqual(['DELETE /files/below.txt']);
});

test('every page opens by its link and by its address', async () => {
  const { page } = stage;
  const links = page.getByRole('navigation', { name: 'Pages' }).getByRole('link');
  const addresses = await links.evaluateAll((all) =>
    all.map((one) => (one as HTMLAnchorElement).href),
  );
  const own = addresses.filter((address) => new URL(address).origin === new URL(proxy.url).origin);
  expect(own.length).toBeGreaterThan(5);
  for (const address of [...own, `${proxy.url}/app/services/${service}`]) {
    expect(address.startsWith(`${proxy.url}/`), address).toBe(true);
    const response = await page.goto(address);
    expect(response?.status(), address).toBe(200);
    await page.getByRole('heading').first().waitFor();
    expect(page.url().split(/[?#]/)[0]).toBe(address);
  }
  await page.getByRole('navigation').getByRole('link', { name: 'Agents' }).click();
  await page.getByRole('link', { name: 'assistant' }).waitFor();
  expect(page.url()).toBe(`${proxy.url}/app/agents`);
});

test('a user who opens a page without a session returns to it after the sign-in', async () => {
  const visitor = await stage.another();
  await visitor.goto(`${proxy.url}/app/services/${service}`);
  await visitor.getByLabel('Email').fill(ACCOUNT.email);
  await visitor.getByLabel('Password').fill(ACCOUNT.password);
  await visitor.getByRole('button', { name: 'Sign in', exact: true }).click();
  await visitor.getByRole('heading', { name: 'things' }).waitFor();
  expect(visitor.url()).toBe(`${proxy.url}/app/services/${service}`);
  await visitor.context().close();
});

test('no page asked for anything outside the path', () => {
  // The API reference has no icon of its own, so the browser looks for that of the host.
  expect(proxy.strays.filter((address) => address !== '/favicon.ico')).toEqual([]);
});

test('no page had script errors or policy violations', () => {
  expect(stage.trouble).toEqual([]);
});
