import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ACCOUNT } from './gateway';
import { Stage } from './page';

let stage: Stage;
let model: Server;
let isWell = true;

beforeAll(async () => {
  // A chat completions server with one fixed response.
  model = createServer((_, response) => {
    response.statusCode = isWell ? 200 : 401;
    response.setHeader('Content-Type', 'application/json');
    const message = { role: 'assistant', content: '{"ready": "yes"}' };
    response.end(
      JSON.stringify({
        choices: [{ index: 0, message, finish_reason: 'stop' }],
        usage: { prompt_tokens: 180, completion_tokens: 5 },
      }),
    );
  });
  await new Promise<void>((ready) => model.listen(0, '127.0.0.1', ready));
  const { port } = model.address() as AddressInfo;
  stage = await Stage.start({
    LLM_BASE_URL: `http://127.0.0.1:${port}/v1`,
    LLM_API_KEY: 'the-model-key',
    LLM_DAILY_TOKENS_MAX: '100000',
    LLM_DAILY_COST_MAX: '300',
    LLM_INPUT_PRICE: '500000',
    RISK_THRESHOLD: '0.45',
  });
  await stage.signInByForm();
});

afterAll(async () => {
  await stage?.stop();
  model?.close();
});

test('the configuration is shown, without secrets', async () => {
  const { page } = stage;
  await page.getByRole('link', { name: 'Settings' }).click();
  await page.getByText('you@example.com').waitFor();
  await page.getByText('RISK_THRESHOLD').waitFor();
  await page.getByText('0.45').waitFor();
  await page.getByText('1 MiB').waitFor();
  expect(await page.content()).not.toContain('the-model-key');
  await stage.expectFine('settings');
});

test('the language model is tested, and a failure is reported', async () => {
  const { page } = stage;
  isWell = true;
  await page.getByRole('button', { name: 'Test model' }).click();
  await page.getByText(/Responded in/).waitFor();
  await page.getByText('180 sent, 5 received').waitFor();
  isWell = false;
  await page.getByRole('button', { name: 'Test model' }).click();
  await page.getByText(/^Test failed: .*401/).waitFor();
  expect(await page.getByText(/Responded in/).count()).toBe(0);
  isWell = true;
});

test('the model’s cost is shown by day, and survives a kill', async () => {
  const { page } = stage;
  await page.getByRole('link', { name: 'Overview' }).click();
  const plot = page.getByRole('figure', { name: 'Language model usage' });
  const cost = plot.getByText('90 in 30 days for 2 calls.');
  // It is stored a moment after the call.
  await expect
    .poll(async () => {
      await page.reload();
      await plot.waitFor();
      return cost.count();
    })
    .toBe(1);
  await plot.getByText('90 of 300').waitFor();
  expect(await plot.getByRole('img').locator('title').count()).toBe(30);
  await plot.getByText('Show as table').click();
  expect(await plot.getByRole('row').last().textContent()).toMatch(/2180590$/);
  await stage.expectFine('overview-model');
  stage.gateway.kill();
  await stage.gateway.startAgain();
  await page.reload();
  await cost.waitFor();
  await plot.getByText('90 of 300').waitFor();
});

test('another session is ended, and its browser has to sign in again', async () => {
  const { page } = stage;
  await page.getByRole('link', { name: 'Settings' }).click();
  const other = await stage.another();
  await stage.signInByForm(other);
  await page.reload();
  const end = page.getByRole('button', { name: 'Sign out…' });
  await end.first().waitFor();
  expect(await end.count()).toBe(1);
  await end.click();
  await page.route('**/auth/sessions/*', (route) => route.abort());
  await page.getByRole('button', { name: 'Sign out device' }).click();
  await page.getByText('the gateway could not be reached').waitFor();
  await page.unroute('**/auth/sessions/*');
  await page.getByRole('button', { name: 'Sign out device' }).click();
  await expect.poll(() => end.count()).toBe(0);
  await other.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
  await other.getByText('Your session has ended. Sign in to continue.').waitFor();
  await other.context().close();
});

test('a session shows its browser, and all others are signed out together', async () => {
  const { page } = stage;
  const others = [await stage.another(), await stage.another({ userAgent: 'robot/1.0' })];
  for (const other of others) await stage.signInByForm(other);
  await page.reload();
  const sessions = page.getByRole('list', { name: 'Sessions' }).getByRole('listitem');
  await expect.poll(() => sessions.count()).toBe(3);
  const own = sessions.filter({ hasText: 'This session' });
  await own.getByText(/^Chrome on /).waitFor();
  await own.getByText('127.0.0.1 · Last used').waitFor();
  await sessions.getByText('robot', { exact: true }).waitFor();
  await stage.expectFine('settings-sessions');
  await page.getByRole('button', { name: 'Sign out all other devices…' }).click();
  await page.getByRole('button', { name: 'Sign out', exact: true }).last().click();
  await expect.poll(() => sessions.count()).toBe(1);
  for (const other of others) {
    await other.getByText('Your session has ended. Sign in to continue.').waitFor();
    await other.context().close();
  }
});

test('a changed password signs out other devices, and the old one no longer works', async () => {
  const { page } = stage;
  const other = await stage.another();
  await stage.signInByForm(other);
  await page.getByRole('button', { name: 'Change password…' }).click();
  const current = page.getByLabel('Current password');
  await current.fill('not this one');
  await page.getByLabel('New password').fill('another horse battery');
  await page.getByRole('button', { name: 'Save password' }).click();
  await expect.poll(() => current.getAttribute('aria-invalid')).toBe('true');
  await stage.expectFine('settings-password');
  await current.fill(ACCOUNT.password);
  await page.getByRole('button', { name: 'Save password' }).click();
  await page.getByText('Saved', { exact: true }).waitFor();
  expect(await current.inputValue()).toBe('');
  await other.getByText('Your session has ended').waitFor();
  await other.context().close();
  const { gateway } = stage;
  expect((await gateway.call('POST', '/auth/login', ACCOUNT)).status).toBe(401);
  const changed = { ...ACCOUNT, password: 'another horse battery' };
  expect((await gateway.call('POST', '/auth/login', changed)).status).toBe(200);
});

test('the theme is kept', async () => {
  const { page } = stage;
  const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
  await page.getByLabel('Theme', { exact: true }).selectOption('Dark');
  expect(await theme()).toBe('dark');
  await page.reload();
  expect(await theme()).toBe('dark');
  await page.getByRole('button', { name: 'Switch to light theme' }).click();
  await expect.poll(() => page.getByLabel('Theme', { exact: true }).inputValue()).toBe('light');
  await page.getByLabel('Theme', { exact: true }).selectOption('System');
});

test('signing out ends the session at the gateway', async () => {
  const { page } = stage;
  const refreshed = () =>
    page.evaluate(() =>
      fetch('/auth/refresh', {
        method: 'POST',
        body: '{}',
        headers: { 'Content-Type': 'application/json' },
      }).then(({ status }) => status),
    );
  await page.route('**/auth/logout', (route) => route.abort());
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await page.getByText('Sign-out failed').waitFor();
  await page.unroute('**/auth/logout');
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  expect(await page.getByText('Your session has ended').count()).toBe(0);
  // There is no session, and nothing that could resume it.
  expect(await refreshed()).toBe(204);
  let refreshes = 0;
  page.on('request', (request) => {
    if (new URL(request.url()).pathname === '/auth/refresh') refreshes += 1;
  });
  await stage.open('/history');
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  expect(refreshes).toBe(1);
  expect(await page.title()).toBe('Sign in · GaiterGuard');
});

test('no page had script errors or policy violations', () => {
  expect(stage.trouble).toEqual([]);
});
