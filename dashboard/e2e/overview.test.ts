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

test('the page is empty without requests', async () => {
  const { page } = stage;
  await page.getByRole('link', { name: 'Overview' }).click();
  await page.getByText('No requests in this period.').first().waitFor();
  await page.getByText('No language model configured').waitFor();
  await stage.expectFine('overview-empty');
});

test('each chart shows its data, also as a table', async () => {
  const { page } = stage;
  for (let at = 0; at < 6; at += 1) {
    await stage.ask(agent.key, { service_id: service, method: 'GET', path: `/notes/${at}` });
  }
  const rule = { name: 'No more', effect: 'deny', condition: 'request.path == "/never"' };
  expect((await stage.call('POST', '/rules', { ...rule, enabled: true })).status).toBe(201);
  const never = { service_id: service, method: 'GET', path: '/never' };
  expect((await stage.ask(agent.key, never)).status).toBe(403);
  const [approved, denied] = await Promise.all(
    ['/a', '/b', '/c', '/d'].map((path) => stage.hold(agent.key, service, path)),
  );
  await stage.call('PATCH', `/approvals/${approved}/approve`, {});
  await stage.call('PATCH', `/approvals/${denied}/deny`, {});

  await page.getByText('11 requests: 6 forwarded, 4 held, 1 denied.').first().waitFor();
  await page.getByText(/2 of 4 held requests were approved or denied/).waitFor();
  const operations = page.getByRole('figure', { name: 'Top operations' });
  await operations.getByText('DELETE').first().waitFor();
  await operations.getByText('Show as table').click();
  expect(await operations.getByRole('row').allTextContents()).toEqual([
    'OperationRequests',
    'GET · things7',
    'DELETE · things4',
  ]);
  await stage.expectFine('overview');
});

test('the URL holds the period, and an agent links to its requests', async () => {
  const { page } = stage;
  await page.getByRole('link', { name: 'Week' }).click();
  await expect.poll(() => page.url()).toContain('period=week');
  await page.reload();
  await page.getByText('11 requests:').first().waitFor();
  expect(
    await page
      .getByRole('img', { name: /Requests over time/ })
      .locator('title')
      .count(),
  ).toBe(28);
  await page.getByRole('figure', { name: 'Top agents' }).getByRole('link').click();
  await expect.poll(() => page.url()).toContain(`/history?agent=${agent.id}`);
  await page.getByText('/never').waitFor();
});

test('an unknown outcome is reported, and every count leads to its requests', async () => {
  const { page } = stage;
  const action = await stage.hold(agent.key, service, '/breaks/off');
  await stage.call('PATCH', `/approvals/${action}/approve`, {});
  const run = ['POST', `/proxy/execute/${action}`, {}, { 'Agent-Key': agent.key }] as const;
  await stage.gateway.call(...run);
  await stage.open('/overview');
  await page.getByRole('link', { name: '1 request has an unknown outcome' }).waitFor();
  await stage.expectFine('overview-unknown');
  for (const [link, search] of [
    ['1 request has an unknown outcome', '?status=INDETERMINATE'],
    ['Held', '?decision=hold'],
    ['Denied 1', '?status=DENIED'],
    ['things', `?service=${service}`],
  ] as const) {
    await stage.open('/overview');
    await page.getByRole('link', { name: link, exact: true }).first().click();
    await expect.poll(() => new URL(page.url()).search).toBe(search);
  }
});

test('an approval that was undone counts as revoked and not as approved', async () => {
  const { page } = stage;
  await stage.open('/overview');
  const decided = page.getByText(/^\d+ of \d+ held requests were approved or denied/);
  const counts = async () => [
    ...((await decided.first().textContent())?.match(/\d+/g)?.map(Number) ?? []),
    Number(
      (
        await page
          .getByText(/^Revoked \d+$/)
          .first()
          .textContent()
      )?.match(/\d+/),
    ),
  ];
  await decided.first().waitFor();
  const [before = Number.NaN, heldBefore = Number.NaN, revokedBefore = Number.NaN] = await counts();
  const action = await stage.hold(agent.key, service, '/taken/back');
  await stage.call('PATCH', `/approvals/${action}/approve`, {});
  const revoked = await stage.call('PATCH', `/approvals/${action}/revoke`, {});
  expect(revoked.status).toBe(200);
  expect(await stage.decided(action)).toBe('REVOKED');
  await expect
    .poll(counts, { timeout: 10_000 })
    .toEqual([before, heldBefore + 1, revokedBefore + 1]);
});

test('no page had script errors or policy violations', () => {
  expect(stage.trouble).toEqual([]);
});
