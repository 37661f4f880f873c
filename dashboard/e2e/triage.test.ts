import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Stage, THOUGHT_MS } from './page';

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
const box = (id: string | undefined) => page.locator(`[data-row="${id}"] input`);
/** Scrolls each row of a table into view. */
async function seeAll() {
  for (const row of await page.locator('[data-row]').all()) {
    await row.evaluate((one) => one.scrollIntoView({ block: 'center' }));
    // A row counts as seen after `SEEN_MS`, which is measured every 100 ms.
    await page.waitForTimeout(THOUGHT_MS + 100);
  }
}
/** Selects all requests of a table that do not differ from the others, once each was on the screen. */
const selectSimilar = (count: number) =>
  page.getByRole('button', { name: `Select all ${count} similar` }).click();
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

  // Nothing is selected in advance. The odd one stays out.
  await page.getByText('0 of 3 selected').waitFor();
  await selectSimilar(3);
  await box(third).uncheck();
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
  await page.getByText('2 of 2 approvals undone. Undone: revoked, nothing was sent.').waitFor();
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
  const third = await page
    .locator('[data-row]')
    .evaluateAll(
      (rows, other) =>
        rows.map((row) => row.getAttribute('data-row')).find((id) => id !== other) ?? '',
      unusual.json.action_id,
    );
  await box(third).check();
  await box(unusual.json.action_id).check();
  await page.getByText('1 request cannot be approved here').waitFor();
  // The table leads to it.
  await page.getByRole('button', { name: 'Show it' }).first().click();
  await expect
    .poll(() =>
      page.evaluate(() => document.activeElement?.closest('[data-row]')?.getAttribute('data-row')),
    )
    .toBe(unusual.json.action_id);
  const approve = page.getByRole('button', { name: /^Approve \d/ });
  expect(await approve.isDisabled()).toBe(true);
  await box(unusual.json.action_id).uncheck();
  await expect.poll(() => approve.isDisabled()).toBe(false);
  await box(unusual.json.action_id).check();
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
  await selectSimilar(2);
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
  await page.locator(`[data-row="${held[1]}"]`).getByText('Denied').waitFor();
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
  // Without a selection, a key says what is missing.
  await page.keyboard.press('d');
  await page.getByText('No request is selected').waitFor();
  // The second one stays out.
  for (const key of ['j', 'x', 'j', 'j', 'x']) await page.keyboard.press(key);
  expect(await box(held[0]).isChecked()).toBe(true);
  expect(await box(held[1]).isChecked()).toBe(false);
  await page.keyboard.press('d');
  await page.getByRole('dialog').getByText('Deny 2 requests?').waitFor();
  // Escape closes the dialog first, and then the table.
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.getByRole('table').waitFor();
  await page.keyboard.press('d');
  const tagName = () => page.evaluate(() => document.activeElement?.tagName);
  await expect.poll(tagName).toBe('TEXTAREA');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  expect(await focused()).toBe('Deny 2 requests');
  // Enter in the note submits as well.
  await page.getByLabel('Note to the agent').focus();
  await page.keyboard.press('Enter');
  await page.getByText('2 decided.').waitFor();
  // The request that is left has the focus.
  const focusedRow = () =>
    page.evaluate(() => document.activeElement?.closest('[data-row]')?.getAttribute('data-row'));
  await expect.poll(focusedRow).toBe(held[1]);
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
  const approveOne = async () => {
    await page.getByRole('button', { name: 'Approve 1…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Delete 1 target').check();
    await dialog.getByRole('button', { name: 'Approve 1 request' }).click();
  };
  await box(held[0]).check();
  await approveOne();
  const undo = page.getByRole('button', { name: /^Undo 1 approval / });
  await undo.click();
  await page.getByText('1 of 1 approval undone.').waitFor();
  await box(held[1]).check();
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
  const created = await stage.call('POST', '/rules', rule);
  expect(created.status).toBe(201);
  const small = await refund(700, 'ch_small');
  const large = await refund(700000, 'ch_large');
  await stage.open(`/?action=${small}`);
  await entry(large).waitFor();
  await expect.poll(() => current().getAttribute('data-entry')).toBe(small);
  await page.keyboard.press('g');
  const row = page.locator(`[data-row="${large}"]`);
  await row.getByText('Approval needs your passkey: open it').waitFor();
  await box(small).check();
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
  // A condition that cannot be evaluated counts as met, so it would hold all later requests of other shapes.
  await stage.call('DELETE', `/rules/${created.json.id}`);
});

test('a request that differs is never approved unseen or as one of many', async () => {
  const ops = await stage.service('ops');
  const ci = await stage.agent('ci', [ops]);
  const held = new Map<string, string>();
  const names = Array.from({ length: 25 }, (_, at) => `preview-${at + 1}`);
  for (const name of [...names.slice(0, 20), 'production', ...names.slice(20)]) {
    const path = `/v1/environments/${name}`;
    held.set(name, await stage.hold(ci.key, ops, path, `Delete the environment ${name}`));
  }
  const production = held.get('production');
  for (const [width, height] of [
    [1280, 800],
    [360, 740],
  ] as const) {
    await page.setViewportSize({ width, height });
    await stage.open('/?grouped=true');
    await page.locator('[data-group="26"]').click();
    await page.getByText('0 of 26 selected').waitFor();
    expect(await page.getByRole('button', { name: 'Approve 0…' }).isDisabled()).toBe(true);
    // The one that differs comes first and says in what.
    const first = page.locator('[data-row]').first();
    expect(await first.getAttribute('data-row')).toBe(production);
    await first.getByText('production is unlike the others').waitFor();
    // Only what was on the screen can be selected together, and never what differs.
    if (width === 1280) {
      const seen = page.getByRole('button', { name: /^Select \d+ seen$/ });
      await expect.poll(() => seen.isEnabled()).toBe(true);
      await seen.click();
      const ticked = await page.locator('[data-row] input:checked').count();
      expect(ticked).toBeGreaterThan(0);
      expect(ticked).toBeLessThan(25);
      // One that is selected below the screen cannot be approved before it was seen.
      await page
        .locator('[data-row] input')
        .last()
        .evaluate((one: HTMLElement) => one.click());
      await page.getByText('1 selected request not seen yet').waitFor();
      expect(await page.getByRole('button', { name: /^Approve \d/ }).isDisabled()).toBe(true);
    }
    expect(await box(production).isChecked()).toBe(false);
    await seeAll();
    if (width === 1280) {
      await selectSimilar(25);
      await page.getByText('25 of 26 selected').waitFor();
      await page.getByRole('button', { name: 'Approve 25…' }).click();
      const dialog = page.getByRole('dialog');
      expect(await dialog.locator('[data-decided]').count()).toBe(8);
      await dialog.getByText('and 17 more requests').waitFor();
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
      await box(production).check();
    }
    // The selection is still there after the table was closed, and so is what was left out.
    await page.getByRole('button', { name: /^Approve 26/ }).count();
    await page.getByRole('button', { name: 'Back to queue' }).click();
    await page.locator('[data-group="26"]').click();
    await page.getByText(width === 1280 ? '26 of 26 selected' : '0 of 26 selected').waitFor();
  }
  await page
    .locator('[data-row]')
    .first()
    .evaluate((row) => row.scrollIntoView({ block: 'center' }));
  await box(production).check();
  await page.getByRole('button', { name: 'Approve 1…' }).click();
  const dialog = page.getByRole('dialog');
  // The confirmation names it, and in what it differs, on the first screen of a phone.
  const named = dialog.locator(`[data-decided="${production}"]`);
  await named.getByText('/v1/environments/production').waitFor();
  expect((await named.boundingBox())?.y).toBeLessThan(740);
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await page.setViewportSize({ width: 1280, height: 800 });
  for (const id of held.values()) expect(await stage.decided(id)).toBe('PENDING');
});

test('a table names another account and a new recipient as a card does', async () => {
  const bank = await stage.service('bank');
  const finance = await stage.agent('finance', [bank]);
  const pay = async (beneficiary: string, iban: string, amount: string, invoice: string) => {
    const asked = await stage.ask(finance.key, {
      service_id: bank,
      method: 'POST',
      path: '/v1/payments',
      body: { beneficiary, iban, amount, currency: 'EUR', reference: invoice },
      intent: `Pay invoice ${invoice} of ${beneficiary}`,
    });
    expect(asked.status).toBe(428);
    return asked.json.action_id as string;
  };
  const usual = 'DE89370400440532013000';
  const earlier = await pay('Acme Paper', usual, '120.00', 'INV-1');
  await stage.call('PATCH', `/approvals/${earlier}/approve`, {});
  const held: string[] = [];
  for (const [iban, amount, invoice] of [
    [usual, '118.00', 'INV-2'],
    [usual, '121.00', 'INV-3'],
    [usual, '119.50', 'INV-4'],
    ['LT601010012345678901', '122.00', 'INV-5'],
    [usual, '11900.00', 'INV-6'],
  ] as const) {
    held.push(await pay('Acme Paper', iban, amount, invoice));
  }
  await stage.open('/?grouped=true');
  await page.locator('[data-group="5"]').click();
  const row = (at: number) => page.locator(`[data-row="${held[at]}"]`);
  await row(3)
    .getByText(/Another account|LT60.* unlike the others/)
    .first()
    .waitFor();
  await row(3).getByText('New recipient').first().waitFor();
  await row(4)
    .getByText(/Amount \d+ times the usual/)
    .first()
    .waitFor();
  await row(0).getByText('Known recipient').waitFor();
  const order = () =>
    page.locator('[data-row]').evaluateAll((all) => all.map((one) => one.getAttribute('data-row')));
  expect((await order()).slice(0, 2).sort()).toEqual([held[3], held[4]].sort());
  await page.getByLabel('Order of the table').selectOption('Largest amount first');
  await expect.poll(order).toEqual([held[4], held[3], held[1], held[2], held[0]]);
  await seeAll();
  await selectSimilar(3);
  for (const at of [3, 4]) expect(await box(held[at]).isChecked()).toBe(false);
  await stage.expectFine('queue-table-apart');
  await page.getByRole('button', { name: 'Back to queue' }).click();
});

test('with requests selected, a and d open them and decide on no other one', async () => {
  const held: string[] = [];
  for (const path of ['/sel/a', '/sel/b', '/sel/c'])
    held.push(await stage.hold(archive.key, files, path));
  await stage.open(`/?action=${held[0]}`);
  await entry(held[2] as string).waitFor();
  await expect.poll(() => current().getAttribute('data-entry')).toBe(held[0]);
  for (const key of ['d', 'a']) {
    if (key === 'd') for (const one of ['x', 'j', 'x', 'j']) await page.keyboard.press(one);
    await page.getByText('2 selected', { exact: true }).waitFor();
    expect(await current().getAttribute('data-entry')).not.toBe(null);
    // A press that follows immediately would not count.
    await page.waitForTimeout(THOUGHT_MS);
    await page.keyboard.press(key);
    await page.getByRole('heading', { name: '2 selected requests' }).waitFor();
    const ids = await page
      .locator('[data-row]')
      .evaluateAll((all) => all.map((one) => one.getAttribute('data-row')));
    expect(ids.sort()).toEqual(held.slice(0, 2).sort());
    await page.keyboard.press('Escape');
  }
  for (const id of held) expect(await stage.decided(id)).toBe('PENDING');
  await page.getByRole('button', { name: 'Clear' }).click();
});

test('after a batch by keyboard, the focus stays, u undoes, and each row says what was sent', async () => {
  const held: string[] = [];
  for (const path of ['/focus/1', '/focus/2'])
    held.push(await stage.hold(archive.key, files, path));
  const approveBoth = async (ids: string[]) => {
    await stage.open(`/?action=${ids[0]}`);
    await entry(ids[1] as string).waitFor();
    await expect.poll(() => current().getAttribute('data-entry')).toBe(ids[0]);
    await page.keyboard.press('g');
    await page.getByText(`0 of ${ids.length} selected`).waitFor();
    await expect
      .poll(() => page.getByRole('button', { name: 'Select all 2 similar' }).isEnabled())
      .toBe(true);
    await page.keyboard.press('j');
    await page.keyboard.press('Shift+X');
    await page.keyboard.press('a');
    await page.getByLabel(`Delete ${ids.length} targets`).check();
    await page.getByLabel('Note to the agent').focus();
    await page.keyboard.press('Enter');
    await page.getByText(`${ids.length} decided.`).waitFor();
    const tag = () => page.evaluate(() => document.activeElement?.textContent);
    await expect.poll(tag).toBe('Continue');
  };
  await approveBoth(held);
  const row = (id: string | undefined) => page.locator(`[data-row="${id}"]`);
  await row(held[0]).getByText('Released to the agent in').waitFor();
  await page.keyboard.press('u');
  await page.getByText('2 of 2 approvals undone.').waitFor();
  expect(await stage.decided(held[0] as string)).toBe('REVOKED');
  await row(held[0]).getByText('Undone: revoked, nothing was sent.').waitFor();

  const again: string[] = [];
  for (const path of ['/sent/1', '/sent/2']) again.push(await stage.hold(archive.key, files, path));
  await approveBoth(again);
  await row(again[0]).getByText('Not sent yet').waitFor();
  const sent = await stage.gateway.call('POST', `/proxy/execute/${again[0]}`, undefined, {
    'Agent-Key': archive.key,
  });
  expect(sent.status).toBe(200);
  await row(again[0]).getByText('Sent, 200').waitFor();
  await row(again[1]).getByText('Not sent yet').waitFor();
  await page.keyboard.press('Escape');
});

test('no page had script errors or policy violations', () => {
  expect(stage.trouble).toEqual([]);
});
