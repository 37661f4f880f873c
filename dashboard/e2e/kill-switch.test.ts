import { afterAll, beforeAll, expect, test } from 'vitest';
import { Stage } from './page';

let stage: Stage;
let service: number;
let key: string;

beforeAll(async () => {
  stage = await Stage.start();
  await stage.signIn();
  service = await stage.service('things');
  key = (await stage.agent('assistant', [service])).key;
});

afterAll(() => stage?.stop());

const ask = () => stage.ask(key, { service_id: service, method: 'GET', path: '/notes' });

test('it stops everything, but only after STOP is typed', async () => {
  const { page } = stage;
  const waiting = await stage.hold(key, service, '/waiting');
  const approved = await stage.hold(key, service, '/approved');
  const { digest } = (await stage.call('GET', `/approvals/${approved}`)).json;
  expect((await stage.call('PATCH', `/approvals/${approved}/approve`, { digest })).status).toBe(
    200,
  );
  await page.getByRole('button', { name: 'Stop agents' }).click();
  const dialog = page.getByRole('dialog');
  const stop = dialog.getByRole('button', { name: 'Stop all agents' });
  await dialog.getByLabel('Type STOP to confirm').fill('stop');
  expect(await stop.isDisabled()).toBe(true);
  await page.keyboard.press('Enter');
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  expect((await ask()).status).toBe(200);

  await page.getByRole('button', { name: 'Stop agents' }).click();
  await dialog.getByLabel('Reason (optional)').fill('<b>trouble</b>');
  await dialog.getByLabel('Type STOP to confirm').fill('STOP');
  await dialog.getByText('Now: 1 agent, 1 pending, 1 approved').waitFor();
  await stage.expectFine('kill-switch');
  await page.route('**/kill-switch', (route) =>
    route.request().method() === 'PUT' ? route.abort() : route.continue(),
  );
  await stop.click();
  await dialog.getByText('the gateway could not be reached').waitFor();
  expect((await ask()).status).toBe(200);
  await page.unroute('**/kill-switch');
  await stop.click();
  await page.getByText('The kill switch is on').waitFor();
  expect((await ask()).json.code).toBe('kill_switch');
  await expect.poll(() => stage.status(key, waiting)).not.toBe('PENDING');
});

test('every page shows it while it is on, even after a reload', async () => {
  const { page } = stage;
  for (const name of ['Overview', 'History', 'Audit', 'Settings', 'Queue']) {
    await page.getByRole('link', { name, exact: true }).click();
    await page.getByRole('heading', { name, level: 1 }).waitFor();
    await page.getByRole('alert').getByText('<b>trouble</b>').waitFor();
  }
  await page.reload();
  const banner = page.getByRole('alert').filter({ hasText: 'The kill switch is on' });
  await banner.getByText('you (user 1)').waitFor();
  const status = page.getByRole('status');
  await status.getByText('Stopped', { exact: true }).waitFor();
  expect(await status.getByText('Connected', { exact: true }).count()).toBe(0);
  await stage.expectFine('kill-switch-on');
  await banner.getByRole('button', { name: 'Resume…' }).click();
  await page.getByLabel('Type RESUME to confirm').waitFor();
  await page.keyboard.press('Escape');
});

test('it is released after RESUME is typed, and revoked requests stay revoked', async () => {
  const { page } = stage;
  await page.getByRole('button', { name: 'Resume agents' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Type RESUME to confirm').fill('RESUME');
  // An event may remove the banner a moment before the gateway confirms the change.
  const confirmed = page.waitForResponse(
    (response) => response.request().method() === 'PUT' && response.url().endsWith('/kill-switch'),
  );
  await dialog.getByRole('button', { name: 'Resume all agents' }).click();
  expect((await confirmed).status()).toBe(200);
  await page.getByText('The kill switch is on').waitFor({ state: 'detached' });
  expect((await ask()).status).toBe(200);
  await page.getByText('No pending requests').waitFor();
});

test('no page had script errors or policy violations', () => {
  expect(stage.trouble).toEqual([]);
});
