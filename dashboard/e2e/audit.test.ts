import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HOSTILE, Stage } from './page';

let stage: Stage;
let action: string;

beforeAll(async () => {
  stage = await Stage.start();
  await stage.signIn();
  const service = await stage.service('things');
  const agent = await stage.agent(`assistant ${HOSTILE}`, [service]);
  action = await stage.hold(agent.key, service, '/notes');
});

afterAll(() => stage?.stop());

const entries = () => stage.page.getByRole('list', { name: 'Audit entries' });

test('entries are sentences with links, and expand to their details', async () => {
  const { page } = stage;
  await page.getByRole('link', { name: 'Audit' }).click();
  const list = entries();
  const held = list.getByRole('listitem').filter({ hasText: 'requested approval for' }).first();
  await held
    .getByText(/^agent 1: assistant/)
    .first()
    .waitFor();
  await list.getByText('registered', { exact: true }).waitFor();
  await list.getByText('U+00A0').first().waitFor();
  const created = list.getByRole('listitem').filter({ hasText: 'created service' });
  expect(await created.getByRole('link', { name: 'things' }).getAttribute('href')).toBe(
    '/app/services/1',
  );
  expect(await held.textContent()).not.toContain('requested by');
  await held.getByRole('button', { name: /^Details of entry/ }).click();
  await held.getByText('Previous hash').waitFor();
  await held.getByText('action.created').waitFor();
  await stage.expectFine('audit');
  await held.getByRole('link', { name: 'Delete all notes' }).click();
  await expect.poll(() => new URL(page.url()).search).toBe(`?action=${action}`);
  await page.goBack();
});

test('every actor is shown with its kind and id, and no agent can have a human’s name', async () => {
  const list = entries();
  await list
    .getByText(/^agent 1: assistant/)
    .first()
    .waitFor();
  await list.getByText('you (user 1)').first().waitFor();
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

test('entries are filtered, and the URL holds the filter', async () => {
  const { page } = stage;
  const rows = () => entries().getByRole('listitem').allTextContents();
  await page.getByLabel('Event', { exact: true }).selectOption('Services');
  await expect.poll(rows).toEqual([expect.stringContaining('created service things')]);
  expect(new URL(page.url()).search).toBe('?group=services');
  await page.reload();
  await expect.poll(rows).toEqual([expect.stringContaining('created service things')]);
  await page.getByLabel('Actor', { exact: true }).selectOption('All agents');
  await page.getByText('No entries match').waitFor();
  await page.getByLabel('Event', { exact: true }).selectOption('All events');
  await page.getByLabel('Period', { exact: true }).selectOption('Last 24 hours');
  await expect.poll(rows).toEqual([expect.stringContaining('requested approval for')]);
  await stage.expectFine('audit-filtered');
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await entries().getByText('registered', { exact: true }).waitFor();
});

test('renewals of a session are folded into one row', async () => {
  const { page } = stage;
  const rows = entries().getByRole('listitem');
  for (let at = 0; at < 3; at += 1) {
    await page.reload();
    await rows.first().waitFor();
  }
  await rows
    .first()
    .getByText(/renewed a session [3-9] times/)
    .waitFor();
  const renewals = (await rows.allTextContents()).map((text) => text.includes('renewed a session'));
  expect(renewals.some((isOne, at) => isOne && renewals[at + 1])).toBe(false);
  // The row contains every entry that it stands for.
  await rows
    .first()
    .getByRole('button', { name: /^Details of entry/ })
    .click();
  expect(await rows.first().getByText('session.refreshed').count()).toBeGreaterThanOrEqual(3);
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
  await page
    .getByText('The log or the stored requests were changed: entry 4 does not follow')
    .waitFor();
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

test('the newest checkpoint is downloaded', async () => {
  const { page } = stage;
  const began = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download checkpoint' }).click();
  const download = await began;
  expect(download.suggestedFilename()).toMatch(/^gaiterguard-checkpoint-\d+\.json$/);
  const checkpoint = JSON.parse(readFileSync(await download.path(), 'utf8'));
  expect(checkpoint.format).toBe('gaiterguard.checkpoint.v1');
  await page.getByText(checkpoint.key).waitFor();
  await stage.expectFine('audit-checkpoint');
});

test('new entries appear automatically, and further pages are fetched on demand', async () => {
  const { page } = stage;
  await page.reload();
  const list = page.getByRole('list', { name: 'Audit entries' });
  const first = list.getByRole('listitem').first();
  await first.waitFor();
  await stage.call('PUT', '/kill-switch', { active: true });
  await first.getByText('stopped all agents').waitFor();
  for (let at = 0; at < 50; at += 1) {
    await stage.call('PUT', '/kill-switch', { active: at % 2 === 1 });
  }
  await stage.call('PUT', '/kill-switch', { active: false });
  await page.reload();
  await page.getByRole('button', { name: 'Show more' }).click();
  await list.getByText('registered', { exact: true }).waitFor();
});

test('titles are fetched once, for the entries on the screen', async () => {
  const { page } = stage;
  const agent = await stage.agent('many', [1]);
  for (let at = 0; at < 40; at += 1) await stage.hold(agent.key, 1, `/files/titles-${at}.txt`);
  // The page that was open fetches what its events name.
  await page.goto('about:blank');
  const fetched: string[] = [];
  page.on('request', (request) => {
    if (/^\/approvals\/[0-9a-f-]+$/.test(new URL(request.url()).pathname))
      fetched.push(request.url());
  });
  await stage.open('/audit');
  const rows = entries().getByRole('listitem').filter({ hasText: 'requested approval for' });
  await rows
    .first()
    .getByRole('link', { name: /titles/ })
    .waitFor();
  await rows
    .nth(5)
    .getByRole('link', { name: /titles/ })
    .waitFor();
  // The last ones are far below the screen.
  expect(await rows.nth(39).textContent()).toMatch(/request [0-9a-f]{8}/);
  await rows.nth(39).scrollIntoViewIfNeeded();
  await rows
    .nth(39)
    .getByRole('link', { name: /titles/ })
    .waitFor();
  expect(new Set(fetched).size).toBe(fetched.length);
});

test('no page had script errors or policy violations', () => {
  expect(stage.trouble).toEqual([]);
});
