import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Stage } from './page';

let stage: Stage;
let model: Server;
let isWell = true;

beforeAll(async () => {
  // A server of chat completions that has one answer.
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

test('what is configured is shown, and no secret', async () => {
  const { page } = stage;
  await page.getByRole('link', { name: 'Settings' }).click();
  await page.getByText('you@example.com').waitFor();
  await page.getByText('RISK_THRESHOLD').waitFor();
  await page.getByText('0.45').waitFor();
  await page.getByText('1 MiB').waitFor();
  expect(await page.content()).not.toContain('the-model-key');
  await stage.expectFine('settings');
});

test('the language model is tried, and a failure is told', async () => {
  const { page } = stage;
  await page.getByRole('button', { name: 'Test it' }).click();
  await page.getByText(/It answered in/).waitFor();
  await page.getByText('180 sent, 5 answered').waitFor();
  isWell = false;
  await page.getByRole('button', { name: 'Test it' }).click();
  await page
    .getByText("The test failed: the language model's server answered with status 401")
    .waitFor();
  expect(await page.getByText(/It answered in/).count()).toBe(0);
  isWell = true;
});

test('what the model costs is told day by day, and outlives a kill', async () => {
  const { page } = stage;
  await page.getByRole('link', { name: 'Overview' }).click();
  const plot = page.getByRole('figure', { name: 'What does the language model cost?' });
  const answer = plot.getByText('90 in 30 days, for 2 calls.');
  // It is written down a moment after the call.
  await expect
    .poll(async () => {
      await page.reload();
      await plot.waitFor();
      return answer.count();
    })
    .toBe(1);
  await plot.getByText('90 of 300').waitFor();
  expect(await plot.getByRole('img').locator('title').count()).toBe(30);
  await plot.getByText('As a table').click();
  expect(await plot.getByRole('row').last().textContent()).toMatch(/2180590$/);
  await stage.expectFine('overview-model');
  stage.gateway.kill();
  await stage.gateway.startAgain();
  await page.reload();
  await answer.waitFor();
  await plot.getByText('90 of 300').waitFor();
});

test('a session elsewhere is ended, and that browser is sent to sign in', async () => {
  const { page } = stage;
  await page.getByRole('link', { name: 'Settings' }).click();
  const other = await stage.another();
  await stage.signInByForm(other);
  await page.reload();
  const end = page.getByRole('button', { name: 'End…' });
  await end.first().waitFor();
  expect(await end.count()).toBe(1);
  await end.click();
  await page.route('**/auth/sessions/*', (route) => route.abort());
  await page.getByRole('button', { name: 'End session' }).click();
  await page.getByText('the gateway could not be reached').waitFor();
  await page.unroute('**/auth/sessions/*');
  await page.getByRole('button', { name: 'End session' }).click();
  await expect.poll(() => end.count()).toBe(0);
  await other.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
  await other.context().close();
});

test('colors are chosen and stay', async () => {
  const { page } = stage;
  const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
  await page.getByLabel('Colors', { exact: true }).selectOption('Dark');
  expect(await theme()).toBe('dark');
  await page.reload();
  expect(await theme()).toBe('dark');
  await page.getByRole('button', { name: 'Use light colors' }).click();
  await expect.poll(() => page.getByLabel('Colors', { exact: true }).inputValue()).toBe('light');
  await page.getByLabel('Colors', { exact: true }).selectOption('As the system');
});

test('the browser notifies of a held request, once it is asked to, and without a body', async () => {
  const { page } = stage;
  await page.context().grantPermissions(['notifications']);
  await page.addInitScript(() => {
    const shown: unknown[] = [];
    Object.assign(window, { shown });
    class Told extends EventTarget {
      static permission = 'granted';
      static requestPermission = async () => 'granted';
      constructor(title: string, options: NotificationOptions) {
        super();
        shown.push({ title, body: options.body });
      }
      close() {}
    }
    Object.assign(window, { Notification: Told });
  });
  await page.reload();
  const service = await stage.service('things');
  const agent = await stage.agent('as\u00a0sistant', [service]);
  const shown = () => page.evaluate(() => (window as unknown as { shown: unknown[] }).shown);
  await stage.hold(agent.key, service, '/before');
  await page.getByText('1 waiting').waitFor({ state: 'attached' });
  expect(await shown()).toEqual([]);
  await page.getByRole('button', { name: 'Notify me of held requests' }).click();
  await page.getByRole('button', { name: 'Stop notifying me' }).waitFor();
  await stage.hold(agent.key, service, '/after?secret=1');
  await expect
    .poll(shown)
    .toEqual([{ title: 'as[U+00A0]sistant waits for you', body: 'things: DELETE /after' }]);
  await page.getByRole('button', { name: 'Stop notifying me' }).click();
  await page.getByRole('button', { name: 'Notify me of held requests' }).waitFor();
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
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByText('You are still signed in').waitFor();
  await page.unroute('**/auth/logout');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  expect(await refreshed()).toBeGreaterThanOrEqual(400);
  await stage.open('/history');
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
});

test('no page broke and none broke its policy', () => {
  expect(stage.trouble).toEqual([]);
});
