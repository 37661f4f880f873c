import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HOSTILE, Stage } from './page';

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.start();
  await stage.signIn();
  const service = await stage.service('things');
  const agent = await stage.agent(`assistant ${HOSTILE}`, [service]);
  await stage.hold(agent.key, service, '/notes');
});

afterAll(() => stage?.stop());

test('entries say who did what, and expand to their details', async () => {
  const { page } = stage;
  await page.getByRole('link', { name: 'Audit' }).click();
  const list = page.getByRole('list', { name: 'Audit entries' });
  await list.getByText('action.created').first().waitFor();
  await list.getByText('user.registered').waitFor();
  await list.getByText('U+00A0').first().waitFor();
  // A newer entry may appear above.
  const entry = list.getByRole('listitem').filter({ hasText: 'action.created' }).first();
  await entry.getByText('action.created').click();
  await entry.getByText('Previous hash').waitFor();
  await stage.expectFine('audit');
});

test('every actor is shown with its kind and id, and no agent can have a human’s name', async () => {
  const { page } = stage;
  const list = page.getByRole('list', { name: 'Audit entries' });
  await list
    .getByText(/^by agent 1: assistant/)
    .first()
    .waitFor();
  await list.getByText('by you (user 1)').first().waitFor();
  for (const name of ['you', 'You', 'y о u', 'System', 'GaiterGuard', 'user 3']) {
    const rejected = await stage.call('POST', '/agents', { name, serviceIds: [] });
    expect(rejected).toMatchObject({
      status: 400,
      json: { code: 'validation_failed', errors: [{ field: 'name' }] },
    });
  }
  const renamed = await stage.call('PUT', '/agents/1', { name: 'gateway' });
  expect(renamed.status).toBe(400);
  const free = await stage.call('POST', '/agents', { name: 'system-monitor', serviceIds: [] });
  expect(free.status).toBe(201);
});

test('the log is verified, and an error is not a result', async () => {
  const { page } = stage;
  await page.route('**/audit/verify', (route) => route.abort());
  await page.getByRole('button', { name: 'Verify' }).click();
  await page.getByText('Verification failed: the gateway could not be reached').waitFor();
  await page.unroute('**/audit/verify');
  await page.getByRole('button', { name: 'Verify' }).click();
  await page.getByText(/Verified: all \d+ entries/).waitFor();
  await page.route('**/audit/verify', (route) =>
    route.fulfill({ json: { ok: false, entries: 3, first_fault: 'entry 4 does not follow' } }),
  );
  await page.getByRole('button', { name: 'Verify' }).click();
  await page.getByText('The log has been changed: entry 4 does not follow').waitFor();
  await stage.expectFine('audit-broken');
  await page.unroute('**/audit/verify');
});

test('the log is exported as lines of JSON', async () => {
  const { page } = stage;
  const began = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export' }).click();
  const download = await began;
  expect(download.suggestedFilename()).toMatch(/^gaiterguard-audit-\d{4}-\d\d-\d\d\.jsonl$/);
  const lines = readFileSync(await download.path(), 'utf8')
    .trimEnd()
    .split('\n');
  const events = lines.map((line) => JSON.parse(line).event);
  expect(events).toContain('user.registered');
  expect(events).toContain('action.created');
});

test('new entries appear automatically, and further pages are fetched on demand', async () => {
  const { page } = stage;
  await page.reload();
  const list = page.getByRole('list', { name: 'Audit entries' });
  const first = list.getByRole('listitem').first();
  await first.waitFor();
  await stage.call('PUT', '/kill-switch', { active: true });
  await first.getByText('kill_switch.changed').waitFor();
  for (let at = 0; at < 50; at += 1) {
    await stage.call('PUT', '/kill-switch', { active: at % 2 === 1 });
  }
  await stage.call('PUT', '/kill-switch', { active: false });
  await page.reload();
  await page.getByRole('button', { name: 'Show more' }).click();
  await list.getByText('user.registered').waitFor();
});

test('no page had script errors or policy violations', () => {
  expect(stage.trouble).toEqual([]);
});
