import { afterAll, beforeAll, expect, test } from 'vitest';
import { HOSTILE, Stage } from './page';

let stage: Stage;
let service: number;
let agent: { id: number; key: string };

beforeAll(async () => {
  stage = await Stage.start();
  await stage.signIn();
  service = await stage.service('things');
  agent = await stage.agent(`assistant ${HOSTILE}`, [service]);
});

afterAll(() => stage?.stop());

test('without a request it says so', async () => {
  const { page } = stage;
  await page.getByRole('link', { name: 'Overview' }).click();
  await page.getByText('No agent asked for anything in this time.').first().waitFor();
  await page.getByText('Nothing: there is none.').waitFor();
  await stage.expectFine('overview-empty');
});

test('each plot answers its question, to the eye and in a table', async () => {
  const { page } = stage;
  for (let at = 0; at < 6; at += 1) {
    await stage.ask(agent.key, { service_id: service, method: 'GET', path: `/notes/${at}` });
  }
  const rule = { name: 'No more', effect: 'deny', condition: 'request.path == "/never"' };
  expect((await stage.call('POST', '/rules', { ...rule, enabled: true })).status).toBe(201);
  const refused = { service_id: service, method: 'GET', path: '/never' };
  expect((await stage.ask(agent.key, refused)).status).toBe(403);
  const [approved, denied] = await Promise.all(
    ['/a', '/b', '/c'].map((path) => stage.hold(agent.key, service, path)),
  );
  await stage.call('PATCH', `/approvals/${approved}/approve`, {});
  await stage.call('PATCH', `/approvals/${denied}/deny`, {});

  await page.getByText('10 requests: 6 forwarded, 3 held, 1 refused.').first().waitFor();
  await page.getByText(/2 of 3 decided by a human, half of them within/).waitFor();
  const operations = page.getByRole('figure', { name: 'What is asked for most?' });
  await operations.getByText('DELETE').first().waitFor();
  await operations.getByText('As a table').click();
  expect(await operations.getByRole('row').allTextContents()).toEqual([
    'OperationRequests',
    'GET · things7',
    'DELETE · things3',
  ]);
  await stage.expectFine('overview');
});

test('the period stands in the address, and an agent leads to its requests', async () => {
  const { page } = stage;
  await page.getByRole('link', { name: 'Week' }).click();
  await expect.poll(() => page.url()).toContain('period=week');
  await page.reload();
  await page.getByText('10 requests:').first().waitFor();
  expect(
    await page
      .getByRole('img', { name: /Columns over time/ })
      .locator('title')
      .count(),
  ).toBe(28);
  await page.getByRole('figure', { name: 'Who asks most?' }).getByRole('link').click();
  await expect.poll(() => page.url()).toContain(`/history?agent=${agent.id}`);
  await page.getByText('/never').waitFor();
});

test('no page broke and none broke its policy', () => {
  expect(stage.trouble).toEqual([]);
});
