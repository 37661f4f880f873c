import { afterAll, beforeAll, expect, test } from 'vitest';
import { Stage } from './page';

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.start();
  await stage.signIn();
});

afterAll(() => stage?.stop());

const offline = () => stage.page.getByText(/^Offline since/);

test('pages that were never opened open while the gateway is away', async () => {
  const { page } = stage;
  const loaded = () =>
    page.evaluate(() =>
      performance
        .getEntriesByType('resource')
        .map(({ name }) => name)
        .join(' '),
    );
  for (const name of [
    'overview',
    'history.index',
    'rules.index',
    'services.index',
    'agents.index',
    'audit',
    'settings',
  ]) {
    await expect.poll(loaded, { timeout: 30_000 }).toContain(`/assets/${name}-`);
  }
  stage.gateway.kill();
  await offline().waitFor();
  for (const name of ['Overview', 'History', 'Rules', 'Services', 'Agents', 'Audit', 'Settings']) {
    await page.getByRole('link', { name }).click();
    await page.getByRole('heading', { name, level: 1 }).waitFor();
    expect(await offline().count()).toBe(1);
  }
  await stage.gateway.startAgain();
  await offline().waitFor({ state: 'detached' });
});

test('a page whose code is missing says so in the frame, and opens once the gateway is back', async () => {
  const { page } = stage;
  await page.route('**/assets/overview-*', (route) => route.abort());
  await stage.open('/');
  await page.getByRole('heading', { name: 'Queue' }).waitFor();
  stage.gateway.kill();
  await offline().waitFor();
  await page.getByRole('link', { name: 'Overview' }).click();
  await page.getByRole('main').getByText('The gateway could not be reached').waitFor();
  await page.getByRole('main').getByRole('button', { name: 'Retry' }).click();
  await page.getByRole('main').getByText('The gateway could not be reached').waitFor();
  expect(await offline().count()).toBe(1);
  await page.unroute('**/assets/overview-*');
  await stage.gateway.startAgain();
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
});

test('no page had script errors or policy violations', () => {
  expect(stage.trouble).toEqual([]);
});
