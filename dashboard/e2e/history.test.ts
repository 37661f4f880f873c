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

const read = (path: string, intent: string) =>
  stage.ask(agent.key, { service_id: service, method: 'GET', path, intent });

test('without a decision it says so; what is decided appears by itself', async () => {
  const { page } = stage;
  await page.getByRole('link', { name: 'History' }).click();
  await page.getByText('No agent has asked for anything yet').waitFor();
  await stage.expectFine('history-empty');
  expect(await read('/notes', `Read ${HOSTILE}`)).toMatchObject({ status: 200 });
  await page.getByText('/notes').waitFor();
  await page.getByRole('listitem').getByText('forwarded', { exact: true }).waitFor();
});

test('what was decided is found by filters that stand in the address', async () => {
  const { page } = stage;
  const denied = await stage.hold(agent.key, service, '/denied', 'Remove what is denied');
  await stage.call('PATCH', `/approvals/${denied}/deny`, { note: 'no' });
  await stage.hold(agent.key, service, '/waiting', 'Remove what waits');
  const list = page.getByRole('list', { name: 'Decided requests' }).getByRole('listitem');
  await expect.poll(() => list.count()).toBe(3);
  await stage.expectFine('history');

  await page.getByLabel('What became of what was held').selectOption('denied');
  await expect.poll(() => list.count()).toBe(1);
  expect(page.url()).toContain('status=DENIED');
  await page.reload();
  await page.getByText('Remove what is denied').waitFor();
  await page.getByRole('button', { name: 'Show all' }).click();
  await expect.poll(() => list.count()).toBe(3);

  await page.getByLabel('Address or intent').fill('WHAT WAITS');
  await expect.poll(() => list.count()).toBe(1);
  expect(page.url()).toMatch(/text=WHAT(%20|\+)WAITS/);
  await page.getByLabel('Address or intent').fill('nothing like it');
  await page.getByText('No request matches').waitFor();
  await page.getByRole('button', { name: 'Show all' }).click();
  await page.getByLabel('Decision').selectOption('forwarded');
  await expect.poll(() => list.count()).toBe(1);
  await page.getByRole('button', { name: 'Show all' }).click();
});

test('more than a page is fetched as it is asked for', async () => {
  const { page } = stage;
  await Promise.all(Array.from({ length: 55 }, (_, at) => read(`/many/${at}`, 'Read many')));
  const list = page.getByRole('list', { name: 'Decided requests' }).getByRole('listitem');
  await expect.poll(() => list.count()).toBe(50);
  await page.getByRole('button', { name: 'Show more' }).click();
  await expect.poll(() => list.count()).toBe(58);
  expect(await page.getByRole('button', { name: 'Show more' }).count()).toBe(0);
});

test('an approved one tells its way, and its approval can be taken back', async () => {
  const { page } = stage;
  const action = await stage.hold(agent.key, service, '/taken-back');
  await stage.call('PATCH', `/approvals/${action}/approve`, { note: 'go on' });
  await page.getByText('/taken-back').click();
  const panel = page.locator('section', { hasText: 'What happened' });
  await panel.getByText('Held for a human').waitFor();
  await panel.getByText('Approved by you').waitFor();
  await panel.getByText('go on').waitFor();
  expect(
    await page.getByRole('link', { name: 'Make a rule from this' }).getAttribute('href'),
  ).toMatch(/\/rules\/new\?from=\d+$/);
  await stage.expectFine('history-approved');
  await page.getByRole('button', { name: 'Revoke the approval…' }).click();
  await page.getByRole('button', { name: 'Cancel' }).click();
  expect(await stage.status(agent.key, action)).toBe('APPROVED');
  await page.getByRole('button', { name: 'Revoke the approval…' }).click();
  await page.route('**/revoke', (route) => route.abort());
  await page.getByRole('button', { name: 'Revoke', exact: true }).click();
  await page.getByText('the gateway could not be reached').waitFor();
  await page.unroute('**/revoke');
  await page.getByLabel('Note to the agent').fill('changed my mind');
  await page.getByRole('button', { name: 'Revoke', exact: true }).click();
  await panel.getByText('Revoked by you').waitFor();
  expect(await stage.status(agent.key, action)).toBe('REVOKED');
});

test('an executed one shows what the service answered', async () => {
  const { page } = stage;
  const action = await stage.hold(agent.key, service, '/done');
  await stage.call('PATCH', `/approvals/${action}/approve`, {});
  const run = await stage.gateway.call(
    'POST',
    `/proxy/execute/${action}`,
    {},
    { 'Agent-Key': agent.key },
  );
  expect(run.status).toBe(200);
  await page.getByRole('link', { name: 'History' }).first().click();
  await page.getByText('/done').click();
  await page.getByText('What the service answered: 200').waitFor();
  await page.getByText('Sent to the service').waitFor();
  await page.getByText('Answered with 200').waitFor();
  await page.getByText('What was sent, exactly').waitFor();
  await stage.expectFine('history-executed');
});

test('an outcome that is unknown is settled by a human who has looked', async () => {
  const { page } = stage;
  const action = await stage.hold(agent.key, service, '/breaks/off');
  await stage.call('PATCH', `/approvals/${action}/approve`, {});
  await stage.gateway.call('POST', `/proxy/execute/${action}`, {}, { 'Agent-Key': agent.key });
  expect(await stage.status(agent.key, action)).toBe('INDETERMINATE');
  await page.getByRole('link', { name: 'History' }).first().click();
  await page.getByText('/breaks/off').click();
  await page.getByText('What became of it?').waitFor();
  await stage.expectFine('history-unknown');
  await page.getByLabel('What you found').selectOption('It was carried out');
  await page.getByLabel('Note to the agent').fill('it is gone');
  await page.getByRole('button', { name: 'Settle…' }).click();
  await page.getByRole('button', { name: 'Settle', exact: true }).click();
  await page.getByText('Found to have been carried out by you').waitFor();
  expect(await stage.status(agent.key, action)).toBe('EXECUTED');
  expect(stage.upstream.received.filter((line) => line.includes('/breaks'))).toHaveLength(1);
});

test('a request that is not there is said to be not there', async () => {
  const { page } = stage;
  await stage.open('/history/999999');
  await page
    .getByRole('alert')
    .getByText(/no such request/)
    .waitFor();
  await stage.open('/history/nonsense');
  await page.getByRole('alert').waitFor();
});

test('no page broke and none broke its policy', () => {
  expect(stage.trouble).toEqual([]);
});
