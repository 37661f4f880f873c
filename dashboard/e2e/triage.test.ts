import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Stage } from './page';

let stage: Stage;
let page: Page;
let payments: number;
let files: number;
let billing: { id: number; key: string };
let archive: { id: number; key: string };

const REFUNDS = {
  openapi: '3.1.0',
  info: { title: 'Payments', version: '1' },
  paths: {
    '/v1/refunds': {
      post: {
        operationId: 'createRefund',
        summary: 'Refund a charge',
        requestBody: {
          content: {
            'application/json': {
              schema: {
                type: 'object',
                properties: {
                  amount: { type: 'integer', description: 'in cents' },
                  currency: { type: 'string' },
                  charge: { type: 'string' },
                },
              },
            },
          },
        },
        responses: {},
      },
    },
  },
};

beforeAll(async () => {
  stage = await Stage.start();
  page = stage.page;
  await stage.signIn();
  payments = await stage.service('payments');
  files = await stage.service('files');
  const body = { type: 'openapi', content: JSON.stringify(REFUNDS) };
  expect((await stage.call('POST', `/services/${payments}/docs`, body)).status).toBe(201);
  billing = await stage.agent('billing', [payments]);
  archive = await stage.agent('archive', [files]);
});

afterAll(() => stage?.stop());

async function refund(cents: number, charge: string): Promise<string> {
  const held = await stage.ask(billing.key, {
    service_id: payments,
    method: 'POST',
    path: '/v1/refunds',
    body: { amount: cents, currency: 'eur', charge },
    intent: `Refund the charge ${charge}`,
  });
  expect(held.status).toBe(428);
  return held.json.action_id;
}

/** A decision that the page sent. */
interface SentDecision {
  action_id: string;
  digest: string;
  decision: string;
}

/** Records the decisions that the page sends from now on. */
async function watchDigests(): Promise<() => Promise<SentDecision[]>> {
  await page.evaluate(() => {
    const sent: SentDecision[] = [];
    Object.assign(window, { sentDigests: sent });
    const real = window.fetch;
    window.fetch = async (input, init) => {
      const request = input instanceof Request ? input : new Request(input, init);
      if (request.url.endsWith('/approvals/decisions')) {
        sent.push(...(await request.clone().json()).decisions);
      }
      return real(input, init);
    };
  });
  return () => page.evaluate(() => (window as unknown as { sentDigests: [] }).sentDigests);
}

const entry = (id: string) => page.locator(`[data-entry="${id}"]`);
const list = () => page.locator('[data-entry]');
const chip = (name: RegExp) =>
  page.getByRole('group', { name: 'Narrow the queue' }).getByRole('button', { name });
const current = () => page.locator('[data-entry][aria-current]');

test('the queue is narrowed, searched, and sorted, and the URL keeps the view', async () => {
  const refunds = [await refund(1000, 'ch_first'), await refund(250, 'ch_second')];
  const deletion = await stage.hold(archive.key, files, '/reports/q16.txt', 'Tidy up');
  await expect.poll(() => list().count()).toBe(3);

  await chip(/^Deletes/).click();
  await expect.poll(() => list().count()).toBe(1);
  await entry(deletion).waitFor();
  expect(page.url()).toContain('effect=deletes');
  await page.reload();
  await entry(deletion).waitFor();
  expect(await list().count()).toBe(1);
  await chip(/^Deletes/).click();
  await chip(/^billing/).click();
  await expect.poll(() => list().count()).toBe(2);
  await chip(/^billing/).click();

  // The search finds each text of the screen: values, the operation, amounts, and reasons.
  const search = page.getByLabel('Search pending requests');
  for (const text of ['ch_second', '€2.50']) {
    await search.fill(text);
    await expect.poll(() => list().count()).toBe(1);
    await entry(refunds[1] as string).waitFor();
  }
  await search.fill('refund a charge');
  await expect.poll(() => list().count()).toBe(2);
  await search.fill('Q16');
  await expect.poll(() => list().count()).toBe(1);
  expect(page.url()).toContain('q=Q16');
  await page.reload();
  await expect.poll(() => list().count()).toBe(1);
  expect(await search.inputValue()).toBe('Q16');
  await search.fill('');

  const order = () => list().evaluateAll((all) => all.map((one) => one.getAttribute('data-entry')));
  await expect.poll(order).toEqual([...refunds, deletion]);
  const { json } = await stage.call('GET', '/approvals/pending');
  const risk = new Map(
    json.approvals.map((one: { action_id: string; risk_score: number }) => [
      one.action_id,
      one.risk_score,
    ]),
  );
  await page.getByLabel('Order').selectOption('Highest risk first');
  await expect
    .poll(async () => (await order()).map((id) => risk.get(id)))
    .toEqual([...risk.values()].sort((a, b) => Number(b) - Number(a)));
  await page.getByLabel('Order').selectOption('Oldest first');
  await stage.expectFine('queue-triage');
});

test('similar requests are one entry with their sum, and one decision names it', async () => {
  const third = await refund(99, 'ch_odd');
  await expect.poll(() => list().count()).toBe(4);
  await chip(/^Group similar/).click();
  await expect.poll(() => list().count()).toBe(2);
  const group = page.locator('[data-group="3"]');
  await group.getByText('€0.99–€10.00').waitFor();
  await group.getByText('€13.49').waitFor();
  await group.click();
  const table = page.getByRole('table');
  await table.getByText('1000 (€10.00)').waitFor();
  await page.getByText('the same in all:').waitFor();
  await stage.expectFine('queue-table');

  // The odd one stays out.
  await page.locator(`[data-row="${third}"] input`).uncheck();
  const sent = await watchDigests();
  await page.getByRole('button', { name: 'Approve 2…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('Approve 2 requests?').waitFor();
  const confirm = dialog.getByRole('button', { name: 'Approve 2 requests: €12.50' });
  // Money takes a deliberate step here as well.
  await confirm.click({ force: true });
  expect(await sent()).toEqual([]);
  await dialog.getByLabel('Make 2 payments of €12.50 in total').check();
  await confirm.click();
  await page.getByText('2 decided.').waitFor();
  const { json } = await stage.call('GET', '/approvals?status=APPROVED');
  const approved = json.items.map(({ action_id, digest }: Record<string, string>) => ({
    action_id,
    digest,
  }));
  expect(approved).toHaveLength(2);
  const byId = (one: { action_id: string }, other: { action_id: string }) =>
    one.action_id.localeCompare(other.action_id);
  const sentDigests = (await sent()).map(({ action_id, digest }) => ({ action_id, digest }));
  expect(sentDigests.sort(byId)).toEqual(approved.sort(byId));
  expect(await stage.status(billing.key, third)).toBe('PENDING');
  await page.getByRole('button', { name: /^Undo 2 approvals \(\d s\)$/ }).click();
  await page.getByText('2 of 2 approvals undone.').waitFor();
  for (const { action_id } of approved) expect(await stage.decided(action_id)).toBe('REVOKED');
  await page.getByRole('button', { name: 'Back to queue' }).click();
  await entry(third).waitFor();
});

test('a table approves only the requests that it shows completely', async () => {
  const unusual = await stage.ask(billing.key, {
    service_id: payments,
    method: 'POST',
    path: '/v1/refunds',
    body: { amount: 5, currency: 'eur', charge: `ch_${'x'.repeat(400)}` },
    intent: 'Refund a long one',
  });
  expect(unusual.status).toBe(428);
  await page.locator('[data-group="2"]').click();
  await page.getByText('1 request cannot be approved here').waitFor();
  const approve = page.getByRole('button', { name: /^Approve/ });
  expect(await approve.isDisabled()).toBe(true);
  await page.locator(`[data-row="${unusual.json.action_id}"] input`).uncheck();
  await expect.poll(() => approve.isDisabled()).toBe(false);
  await page.locator(`[data-row="${unusual.json.action_id}"] input`).check();
  await page.getByRole('button', { name: 'Deny 2…' }).click();
  await page.getByRole('dialog').getByLabel('Note to the agent').fill('not today');
  await page.getByRole('button', { name: 'Deny 2 requests: €1.04' }).click();
  await page.getByText('2 decided.').waitFor();
  const denied = await stage.gateway.call('GET', `/status/${unusual.json.action_id}`, undefined, {
    'Agent-Key': billing.key,
  });
  expect(denied.json).toMatchObject({ status: 'DENIED', note: 'not today' });
  await page.getByRole('button', { name: 'Back to queue' }).click();
  await chip(/^Group similar/).click({ timeout: 5_000 });
});

test('a batch without a response is asked for, and each result is shown', async () => {
  const held = [
    await stage.hold(archive.key, files, '/batch/1'),
    await stage.hold(archive.key, files, '/batch/2'),
  ];
  await stage.open(`/?action=${held[0]}`);
  await entry(held[1] as string).waitFor();
  await expect.poll(() => current().getAttribute('data-entry')).toBe(held[0]);
  await page.keyboard.press('g');
  // Someone else decides on one of them after the table is open.
  await page.getByRole('button', { name: 'Deny 2…' }).click();
  await page.route('**/approvals/decisions', async (route) => {
    await stage.call('PATCH', `/approvals/${held[0]}/approve`, {});
    await route.fetch();
    await route.abort();
  });
  await page.getByRole('dialog').getByRole('button', { name: 'Deny 2 requests' }).click();
  await page.getByText('1 decided, 1 failed.').waitFor();
  await page
    .locator(`[data-row="${held[0]}"]`)
    .getByText(/The request is approved/)
    .waitFor();
  await page.locator(`[data-row="${held[1]}"]`).getByText('Done').waitFor();
  expect(await stage.status(archive.key, held[1] as string)).toBe('DENIED');
  await page.unroute('**/approvals/decisions');
  await page.getByRole('button', { name: 'Back to queue' }).click();
});

test('keys select requests, and open them as a table', async () => {
  const paths = ['/keys/a', '/keys/b', '/keys/c'];
  const held: string[] = [];
  for (const path of paths) held.push(await stage.hold(archive.key, files, path));
  await stage.open(`/?action=${held[0]}`);
  await entry(held[2] as string).waitFor();
  await expect.poll(() => current().getAttribute('data-entry')).toBe(held[0]);
  await page.keyboard.press('x');
  await page.getByText('1 selected').waitFor();
  await page.keyboard.press('x');
  await page.getByText('1 selected').waitFor({ state: 'detached' });
  await page.keyboard.press('Shift+J');
  await page.keyboard.press('Shift+J');
  await page.getByText('2 selected').waitFor();
  expect(await current().getAttribute('data-entry')).toBe(held[2]);
  await page.keyboard.press('g');
  const rows = page.locator('[data-row]');
  await expect.poll(() => rows.count()).toBe(2);
  await page.getByRole('button', { name: 'Back to queue' }).click();
  await page.getByRole('button', { name: 'Clear' }).click();
  // Without a selection, the table has the similar requests.
  await page.keyboard.press('g');
  await expect.poll(() => rows.count()).toBe(3);
  // A reload forgets the table, and the list has its keys again.
  await page.reload();
  await expect.poll(() => current().getAttribute('data-entry')).toBe(held[2]);
  await page.keyboard.press('k');
  await expect.poll(() => current().getAttribute('data-entry')).toBe(held[1]);
  await page.goBack();
  await entry(held[0] as string).waitFor();
});

test('the keyboard alone decides in a table, and Escape leads back to the list', async () => {
  const held: string[] = [];
  for (const path of ['/alone/1', '/alone/2', '/alone/3']) {
    held.push(await stage.hold(archive.key, files, path));
  }
  await stage.open(`/?action=${held[0]}`);
  await entry(held[2] as string).waitFor();
  await expect.poll(() => current().getAttribute('data-entry')).toBe(held[0]);
  const focused = () => page.evaluate(() => document.activeElement?.textContent ?? '');
  await page.keyboard.press('g');
  await page.getByRole('table').waitFor();
  await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe('H1');
  // The second one stays out.
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('x');
  const box = (at: number) => page.locator(`[data-row="${held[at]}"] input`);
  expect(await box(1).isChecked()).toBe(false);
  await page.keyboard.press('d');
  await page.getByRole('dialog').getByText('Deny 2 requests?').waitFor();
  // Escape closes the dialog first, and then the table.
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.getByRole('table').waitFor();
  await page.keyboard.press('d');
  await expect.poll(() => page.getByLabel('Note to the agent').count()).toBe(1);
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  expect(await focused()).toBe('Deny 2 requests');
  await page.keyboard.press('Enter');
  await page.getByText('2 decided.').waitFor();
  for (const at of [0, 2]) expect(await stage.decided(held[at] as string)).toBe('DENIED');
  expect(await stage.decided(held[1] as string)).toBe('PENDING');
  await page.keyboard.press('Escape');
  // The list continues with a request that is still pending, and its entry has the focus.
  await expect.poll(() => current().count()).toBe(1);
  const next = await current().getAttribute('data-entry');
  expect(await stage.decided(next as string)).toBe('PENDING');
  await expect
    .poll(() => page.evaluate(() => document.activeElement?.getAttribute('data-entry')))
    .toBe(next);
});

test('many filters are folded next to the request, and scroll by themselves on a phone', async () => {
  const services = ['billing', 'calendar', 'mail', 'wiki'];
  for (const name of services) {
    const id = await stage.service(name);
    await stage.hold((await stage.agent(`${name} assistant`, [id])).key, id, `/${name}/1`);
  }
  await stage.open('/');
  await entry(await stage.hold(archive.key, files, '/folded')).waitFor();
  await expect.poll(() => chip(/^wiki assistant/).count()).toBe(0);
  await page.getByRole('button', { name: 'Show filters' }).click();
  await chip(/^wiki assistant/).click();
  await expect.poll(() => list().count()).toBe(1);
  // A filter that leaves requests out is always on the screen.
  await page.getByRole('button', { name: 'Hide filters' }).click();
  await chip(/^wiki assistant/).waitFor();
  expect(await chip(/^mail assistant/).count()).toBe(0);
  await stage.expectFine('queue-filters');
  await chip(/^wiki assistant/).click();
  await page.setViewportSize({ width: 360, height: 740 });
  await stage.open('/');
  await chip(/^mail assistant/).waitFor();
  const isOnTop = (name: RegExp) =>
    page.getByRole('button', { name }).evaluate((button) => {
      const box = button.getBoundingClientRect();
      const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
      return top !== null && button.contains(top);
    });
  const widths = await page.evaluate(() => [
    document.documentElement.scrollWidth,
    document.documentElement.clientWidth,
  ]);
  expect(widths[0]).toBe(widths[1]);
  // The buttons of a table are above the bar of a phone.
  await chip(/^Group similar/).click();
  await page.locator('[data-group]').first().click();
  await page.getByRole('table').waitFor();
  for (const name of [/^Deny \d/, /^Approve \d/]) expect(await isOnTop(name)).toBe(true);
  await page.getByRole('button', { name: 'Back to queue' }).click();
  await page.setViewportSize({ width: 1440, height: 900 });
});

test('each decision in a table has an undo of its own', async () => {
  const held = [
    await stage.hold(archive.key, files, '/undo/1'),
    await stage.hold(archive.key, files, '/undo/2'),
  ];
  await stage.open(`/?action=${held[0]}`);
  await entry(held[1] as string).waitFor();
  await expect.poll(() => current().getAttribute('data-entry')).toBe(held[0]);
  await page.keyboard.press('g');
  const box = page.locator(`[data-row="${held[1]}"] input`);
  const approveOne = async () => {
    await page.getByRole('button', { name: 'Approve 1…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Delete 1 target').check();
    await dialog.getByRole('button', { name: 'Approve 1 request' }).click();
  };
  await box.uncheck();
  await approveOne();
  const undo = page.getByRole('button', { name: /^Undo 1 approval / });
  await undo.click();
  await page.getByText('1 of 1 approval undone.').waitFor();
  await box.check();
  await approveOne();
  await undo.waitFor();
  expect(await stage.decided(held[1] as string)).toBe('APPROVED');
  await page.getByRole('button', { name: 'Back to queue' }).click();
});

test('a table approves no request that needs a passkey, and its row says why', async () => {
  const rule = {
    name: 'Large refunds',
    effect: 'require_approval',
    condition: 'request.body.amount > 100000',
    stepUp: 'passkey',
  };
  expect((await stage.call('POST', '/rules', rule)).status).toBe(201);
  const small = await refund(700, 'ch_small');
  const large = await refund(700000, 'ch_large');
  await stage.open(`/?action=${small}`);
  await entry(large).waitFor();
  await expect.poll(() => current().getAttribute('data-entry')).toBe(small);
  await page.keyboard.press('g');
  const row = page.locator(`[data-row="${large}"]`);
  await row.getByText('Approval needs your passkey: open it').waitFor();
  expect(await row.locator('input').isChecked()).toBe(false);
  // Added for a denial, it stops the approval.
  await row.locator('input').check();
  await page.getByText('1 request cannot be approved here: each approval needs').waitFor();
  expect(await page.getByRole('button', { name: 'Approve 2…' }).isDisabled()).toBe(true);
  expect(await page.getByRole('button', { name: 'Deny 2…' }).isDisabled()).toBe(false);
  await stage.expectFine('table-passkey');
  await row.locator('input').uncheck();
  await page.getByRole('button', { name: 'Approve 1…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('checkbox').check();
  await dialog.getByRole('button', { name: /^Approve 1 request/ }).click();
  await page.getByText('1 decided.').waitFor();
  expect(await stage.decided(small)).toBe('APPROVED');
  expect(await stage.decided(large)).toBe('PENDING');
  await page.getByRole('button', { name: 'Back to queue' }).click();
});

test('no page had script errors or policy violations', () => {
  expect(stage.trouble).toEqual([]);
});
