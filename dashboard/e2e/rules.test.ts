import { afterAll, beforeAll, expect, test } from 'vitest';
import { ACCOUNT, Upstream } from './gateway';
import { HOSTILE, Stage } from './page';

const DESCRIPTION = JSON.stringify({
  openapi: '3.1.0',
  info: { title: 'Charges', version: '1' },
  paths: {
    '/charges': {
      post: {
        operationId: 'createCharge',
        summary: 'Charge a card',
        requestBody: {
          content: {
            'application/json': {
              schema: {
                type: 'object',
                properties: { amount: { type: 'integer', description: 'in cents' } },
              },
            },
          },
        },
        responses: {},
      },
    },
  },
});

let stage: Stage;
let service: number;
let key: string;
let clerk: number;

beforeAll(async () => {
  stage = await Stage.start();
  await stage.signIn();
  service = await stage.service('payments');
  await stage.call('POST', `/services/${service}/docs`, { type: 'openapi', content: DESCRIPTION });
  ({ id: clerk, key } = await stage.agent('clerk', [service]));
  for (const path of ['/notes', '/notes', '/others']) {
    await stage.gateway.call(
      'POST',
      '/proxy',
      { service_id: service, method: 'GET', path, intent: `Read ${HOSTILE}` },
      { 'Agent-Key': key },
    );
  }
});

afterAll(() => stage?.stop());

const rules = async () => (await stage.call('GET', '/rules')).json.items;
const editor = () => stage.page.getByRole('textbox', { name: 'Condition' });

/** Unfolds the editor, which is folded while the builder covers the condition. */
async function showEditor() {
  const { page } = stage;
  await page.getByText('Advanced: condition as CEL').waitFor();
  const folded = page.locator('details:not([open]) > summary', { hasText: 'Advanced' });
  if (await folded.count()) await folded.click();
}

/** Removes the unsaved rules that a reload restores. */
const forgetDrafts = () => stage.page.evaluate(() => sessionStorage.clear());

async function write(condition: string) {
  await showEditor();
  await editor().click();
  await stage.page.keyboard.press('ControlOrMeta+a');
  await stage.page.keyboard.insertText(condition);
}

test('a condition is validated while it is edited, and errors are underlined', async () => {
  const { page } = stage;
  // Reload: open pages do not know what was created over the API.
  await stage.open('/rules');
  await page.getByText('No rules yet').waitFor();
  await stage.expectFine('rules-empty');
  await page.getByRole('link', { name: 'New rule' }).click();
  await write('request.methood == "GET"');
  await page.getByText(/Line 1, column \d+:.*unknown field/).waitFor();
  expect(await page.locator('.cm-lintRange-error').first().textContent()).toContain('methood');
  await stage.expectFine('rule-fault');
  await write('request.method == "GET"');
  await page.getByText('Valid', { exact: true }).waitFor();
});

test('completions are offered, including documented names', async () => {
  const { page } = stage;
  await write('');
  await editor().pressSequentially('req');
  await page.getByRole('option', { name: /^request/ }).click();
  await page.getByLabel('Service', { exact: true }).selectOption({ label: 'payments' });
  await editor().click();
  await page.keyboard.press('ControlOrMeta+End');
  await editor().pressSequentially('.body.');
  await page.getByRole('option', { name: /^amount/ }).waitFor();
  await page.getByText('in cents').waitFor();
  await stage.expectFine('rule-offer');
  await editor().pressSequentially('am');
  await page.getByRole('option', { name: /^amount/, selected: true }).waitFor();
  // A list that has just opened ignores keys, which were meant for the text.
  await page.waitForTimeout(100);
  await page.keyboard.press('Enter');
  await editor().pressSequentially(' > 100');
  await page.getByText('Valid', { exact: true }).waitFor();
  expect(await editor().textContent()).toBe('request.body.amount > 100');
});

test('a rule is simulated on past requests before it is saved, even without a name', async () => {
  const { page } = stage;
  await write('request.path == "/notes"');
  await page.getByText('Valid', { exact: true }).waitFor();
  await page.getByText('Matches 2 of 3 requests in 7 days.').waitFor();
  await page.getByRole('button', { name: 'Simulate' }).click();
  const outcome = page.getByRole('region', { name: 'Simulation result' });
  await outcome.getByText('Newly held').waitFor();
  await outcome.getByText('was forwarded, would be held').first().waitFor();
  await page.getByLabel('Name').fill(`Reading notes ${HOSTILE}`);
  await page.getByRole('button', { name: 'Simulate' }).click();
  await outcome.getByText('GET /notes').first().waitFor();
  await outcome.getByText('<img src=x onerror=alert(1)>').first().waitFor();
  expect(await rules()).toEqual([]);
  await stage.expectFine('rule-simulated');
  await page.getByLabel('Deny', { exact: true }).check();
  await outcome.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Simulate' }).click();
  await outcome.getByText('Newly denied').waitFor();
});

test('generating a condition requires a language model, and the page says so', async () => {
  const { page } = stage;
  await page.getByLabel('Description').fill('Nobody reads notes');
  await page.getByText('Needs a language model').waitFor();
  expect(await page.getByRole('button', { name: 'Generate condition' }).isDisabled()).toBe(true);
});

test('a rule is saved if it is valid, and its matches are counted', async () => {
  const { page } = stage;
  await write('request.path ==');
  await page.getByRole('button', { name: 'Save rule' }).click();
  await page
    .getByRole('alert')
    .filter({ hasText: /^condition/ })
    .waitFor();
  expect(await rules()).toEqual([]);
  await write('request.path == "/notes"');
  await page.getByText('Valid', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Save rule' }).click();
  await page.getByRole('heading', { name: 'Rules' }).waitFor();
  await page.getByText('<img src=x onerror=alert(1)>').waitFor();
  await page.getByText(/no matches since/).waitFor();
  expect(await rules()).toMatchObject([
    { effect: 'deny', service_id: service, condition: 'request.path == "/notes"', enabled: true },
  ]);
  const denied = { service_id: service, method: 'GET', path: '/notes' };
  expect((await stage.ask(key, denied)).status).toBe(403);
  expect((await stage.ask(key, denied)).status).toBe(403);
  await stage.ask(key, { ...denied, path: '/others' });
  await page.reload();
  await page.getByText(/matched 2 requests since .*, last/).waitFor();
  await stage.expectFine('rules');
});

test('a rule is disabled, enabled, changed, and deleted', async () => {
  const { page } = stage;
  await page.getByRole('button', { name: 'Disable' }).click();
  await page.getByRole('button', { name: 'Enable' }).waitFor();
  expect(await rules()).toMatchObject([{ enabled: false }]);
  await page.getByRole('link', { name: 'Reading notes' }).click();
  await page.getByText('Valid', { exact: true }).waitFor();
  await page.getByText(/matched 2 requests since/).waitFor();
  await stage.expectFine('rule');
  await page.reload();
  await page.getByText('Valid', { exact: true }).waitFor();
  await page.getByLabel('Name').fill('Notes');
  await page.getByLabel('Enabled').check();
  await page.getByRole('button', { name: 'Save rule' }).click();
  await page.getByText('Saved', { exact: true }).waitFor();
  expect(await rules()).toMatchObject([{ name: 'Notes', enabled: true }]);
  await page.getByRole('button', { name: 'Delete…' }).click();
  await page.getByRole('button', { name: 'Delete rule' }).click();
  await page.getByText('No rules yet').waitFor();
  expect(await rules()).toEqual([]);
});

test('a rule is created from a decided request', async () => {
  const { page } = stage;
  const [entry] = (await stage.call('GET', '/requests')).json.items;
  await stage.open(`/history/${entry.id}`);
  await page.getByRole('link', { name: 'Create rule' }).click();
  await page.getByText('Valid', { exact: true }).waitFor();
  await showEditor();
  expect(await editor().textContent()).toBe('request.method == "GET" && request.under("/others")');
  expect(await page.getByLabel('Agent', { exact: true }).inputValue()).toBe(`${clerk}`);
  expect(await page.getByLabel('Service', { exact: true }).inputValue()).toBe(`${service}`);
});

test('a rule is built without CEL, in sync with its condition', async () => {
  const { page } = stage;
  await forgetDrafts();
  await stage.open('/rules/new');
  await page.getByRole('button', { name: 'Payments over an amount' }).click();
  await page.getByText('Valid', { exact: true }).waitFor();
  await stage.expectFine('rule-template');
  await page.getByLabel('Agent', { exact: true }).selectOption({ label: 'clerk' });
  await page.getByLabel('Request', { exact: true }).selectOption('An operation…');
  await page.getByLabel('Operation').fill('createCharge');
  await page.getByText('POST /charges').waitFor();
  await page.getByRole('button', { name: 'Remove condition on amount' }).first().click();
  await page.getByLabel('Value of amount').fill('500');
  await showEditor();
  const text = () => editor().textContent();
  await expect
    .poll(text)
    .toBe('operation.id == "createCharge" && double(request.body.amount) > 500');
  await page.getByLabel('Comparison of amount').selectOption('≥');
  await page.getByLabel('Add a condition on').selectOption('Another field of the body…');
  await page.getByLabel('Name of the field').fill('to.address');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByLabel('Comparison of to.address').selectOption('is not one of');
  await page.getByLabel('Values of to.address').fill('a@b.example\nc, d@e.example\n');
  await expect
    .poll(text)
    .toBe(
      'operation.id == "createCharge" && double(request.body.amount) >= 500 && !(request.body.to.address in ["a@b.example", "c, d@e.example"])',
    );
  await page.getByText('Valid', { exact: true }).waitFor();
  await stage.expectFine('rule-built');
  // CEL that is typed appears in the builder, if the builder could have written it.
  await write('request.method == "PUT" && request.body.status != "open"');
  const request = page.getByLabel('Request', { exact: true });
  await expect.poll(() => request.inputValue()).toBe('method PUT');
  expect(await page.getByLabel('Value of status').inputValue()).toBe('open');
  await write('request.method == "PUT" || request.size > 10');
  await page.getByText('The builder cannot show this condition').waitFor();
  expect(await request.count()).toBe(0);
  await expect.poll(text).toBe('request.method == "PUT" || request.size > 10');
  await page.getByRole('button', { name: 'Replace condition' }).click();
  await expect.poll(() => request.inputValue()).toBe('any');
  await page.getByLabel('Add a condition on').selectOption('time');
  await page.getByLabel('Time zone of time').fill('Europe/Berlin');
  await expect
    .poll(text)
    .toBe('(now.getHours("Europe/Berlin") < 8 || now.getHours("Europe/Berlin") >= 18)');
  await page.getByText('Valid', { exact: true }).waitFor();
});

test('names are completed without a chosen service', async () => {
  const { page } = stage;
  await forgetDrafts();
  await stage.open('/rules/new');
  await showEditor();
  for (const [typed, offered] of [
    ['service.name == "', 'payments'],
    ['agent.name == "', 'clerk'],
    ['operation.id == "', 'createCharge'],
  ] as const) {
    await write('');
    await editor().pressSequentially(typed);
    await page.locator('.cm-tooltip-autocomplete').getByText(offered).waitFor();
    await page.keyboard.press('Escape');
  }
});

test('a rule from a decided request is prefilled with the decision', async () => {
  const { page } = stage;
  const ask = (amount: number) =>
    stage.ask(key, {
      service_id: service,
      method: 'POST',
      path: '/charges',
      body: { amount, currency: 'eur' },
      intent: 'Charge the card',
    });
  const rule = { name: 'Hold', effect: 'require_approval', condition: 'request.method == "POST"' };
  const made = await stage.call('POST', '/rules', { ...rule, enabled: true });
  const approved = (await ask(4900)).json.action_id;
  const denied = (await ask(7000)).json.action_id;
  await stage.call('DELETE', `/rules/${made.json.id}`);
  await stage.call('PATCH', `/approvals/${approved}/approve`, {});
  await stage.call('PATCH', `/approvals/${denied}/deny`, {});
  for (const [action, link, effect, comparison] of [
    [approved, 'Allow requests like this…', 'Allow', '<='],
    [denied, 'Deny requests like this…', 'Deny', '>='],
  ] as const) {
    await stage.open(`/?action=${action}`);
    await page.getByRole('link', { name: link }).click();
    await page.getByText('Valid', { exact: true }).waitFor();
    expect(await page.getByLabel(effect, { exact: true }).isChecked()).toBe(true);
    expect(await page.getByLabel('Agent', { exact: true }).inputValue()).toBe(`${clerk}`);
    expect(await page.getByLabel('Service', { exact: true }).inputValue()).toBe(`${service}`);
    await showEditor();
    expect(await editor().textContent()).toBe(
      `operation.id == "createCharge" && double(request.body.amount) ${comparison} ${action === approved ? 4900 : 7000} && request.body.currency == "eur"`,
    );
  }
  await stage.expectFine('rule-from-action');
});

test('a half-written rule survives the end of the session, and is not left by mistake', async () => {
  const { page } = stage;
  await stage.open('/rules/new');
  await page.getByLabel('Name').fill('Half written');
  await page.getByRole('link', { name: 'History' }).click();
  const dialog = page.getByRole('dialog', { name: 'Discard your changes?' });
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  expect(await page.getByLabel('Name').inputValue()).toBe('Half written');
  await page.context().clearCookies();
  await page.reload();
  await page.getByLabel('Email').fill(ACCOUNT.email);
  await page.getByLabel('Password').fill(ACCOUNT.password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByText('Your unsaved changes were restored.').waitFor();
  expect(await page.getByLabel('Name').inputValue()).toBe('Half written');
  await stage.expectFine('rule-restored');
  await page.getByRole('link', { name: 'History' }).click();
  await dialog.getByRole('button', { name: 'Discard' }).click();
  await page.getByRole('heading', { name: 'History' }).waitFor();
  await stage.open('/rules/new');
  await page.getByLabel('Name').waitFor();
  expect(await page.getByLabel('Name').inputValue()).toBe('');
  // Signing out leaves nothing for the next user of the browser.
  await page.getByLabel('Name').fill('Half written');
  const kept = () => page.evaluate(() => JSON.stringify(sessionStorage).includes('Half written'));
  await expect.poll(kept).toBe(true);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('Email').waitFor();
  expect(await kept()).toBe(false);
  await stage.signIn();
});

test('an Allow rule shows what it would have let pass, and an operation has an effect', async () => {
  const { page } = stage;
  await forgetDrafts();
  await stage.open('/rules/new');
  await page.getByLabel('Request', { exact: true }).selectOption('Deletes');
  await showEditor();
  await expect.poll(() => editor().textContent()).toBe('operation.effect == "deletes"');
  await page.getByText('Valid', { exact: true }).waitFor();
  await page.getByLabel('Request', { exact: true }).selectOption('An operation…');
  await page.getByLabel('Operation').fill('createCharge');
  // A rule that allows never matches undocumented requests; any other does.
  await page.getByText(/^Matches 8 of 8 requests in 7 days/).waitFor();
  await page.getByLabel('Allow', { exact: true }).check();
  await page.getByText(/^Matches 2 of 8 requests in 7 days/).waitFor();
  const passed = page.getByText(/^Would have allowed \d risky requests without approval \(/);
  await passed.waitFor();
  expect(await passed.textContent()).toMatch(/pays: 2, €119\.00/);
  await stage.expectFine('rule-passed');
});

test('an Allow rule for everything has to be limited and confirmed, and stays marked', async () => {
  const { page } = stage;
  await stage.hold(key, service, '/risky');
  for (const condition of ['', 'true', 'request.method == "GET" || 1 == 1']) {
    await forgetDrafts();
    await stage.open('/rules/new');
    await page.getByLabel('Name').fill('Everything');
    await page.getByLabel('Allow', { exact: true }).check();
    if (condition) {
      await write(condition);
      await page.getByText('Valid', { exact: true }).waitFor();
    }
    await page.getByRole('button', { name: 'Save rule' }).click();
    await page.getByRole('dialog').getByText('Limit this rule first').waitFor();
    await page.getByRole('button', { name: 'Close' }).click();
    await page.getByLabel('Service', { exact: true }).selectOption({ label: 'payments' });
    await page.getByRole('button', { name: 'Save rule' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText(/Would have allowed \d+ risky requests? without approval/).waitFor();
    expect(await dialog.getByRole('button', { name: 'Allow every request' }).isDisabled()).toBe(
      true,
    );
    expect(await rules()).toEqual([]);
  }
  await stage.expectFine('rule-allow');
  await page.getByLabel('Type ALLOW to confirm').fill('ALLOW');
  await page.getByRole('button', { name: 'Allow every request' }).click();
  await page.getByRole('heading', { name: 'Rules' }).waitFor();
  for (const path of ['/', '/overview']) {
    await stage.open(path);
    await page.getByText('1 rule allows risky requests').waitFor();
  }
  await stage.expectFine('overview-open-rule');
  await stage.open('/rules');
  await page.getByRole('button', { name: 'Disable' }).click();
  await page.getByRole('button', { name: 'Enable' }).click();
  await page.getByRole('dialog').getByText('Allow every request?').waitFor();
  expect(await rules()).toMatchObject([{ enabled: false, service_id: service }]);
  await page.getByRole('button', { name: 'Cancel' }).click();
  await stage.open('/');
  await page.getByRole('heading', { name: 'Queue' }).waitFor();
  await page.getByText('1 rule allows risky requests').waitFor({ state: 'detached' });
  const [rule] = await rules();
  await stage.call('DELETE', `/rules/${rule.id}`);
});

test('a language model generates a condition from a description, with tested examples', async () => {
  const condition = 'request.method == "POST"';
  const examples = [
    { method: 'POST', path: '/charges', body: '{"amount": 1}', expected: 'yes' },
    { method: 'PUT', path: '/charges', body: '', expected: 'yes' },
  ];
  const model = await Upstream.start();
  const content = JSON.stringify({ possible: 'yes', condition, examples });
  model.bodies.set(
    '/v1/chat/completions',
    JSON.stringify({
      choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content } }],
      usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
    }),
  );
  const other = await Stage.start({ LLM_BASE_URL: `http://127.0.0.1:${model.port}/v1` });
  try {
    const { page } = other;
    await other.signIn();
    await other.open('/rules/new');
    await page.getByText('Advanced: condition as CEL').click();
    await page.getByLabel('Description').fill('Any charge requires approval');
    await page.getByRole('button', { name: 'Generate condition' }).click();
    await page.getByText('Covers the whole rule.').waitFor();
    await page.getByText('expected to match').waitFor();
    await other.expectFine('rule-compiled');
    await page.getByRole('button', { name: 'Use this condition' }).click();
    await page.getByText('Valid', { exact: true }).waitFor();
    const written = page.getByRole('textbox', { name: 'Condition' });
    expect(await written.textContent()).toBe(condition);
    expect(other.trouble).toEqual([]);
  } finally {
    await other.stop();
    model.stop();
  }
});

test('an Allow rule for everything is reported however many rules there are', async () => {
  const deny = { effect: 'deny', condition: 'request.method == "PATCH"', enabled: false };
  for (let at = 0; at < 200; at += 1) {
    const made = await stage.call('POST', '/rules', { name: `Many ${at}`, ...deny });
    expect(made.status).toBe(201);
  }
  const open = { name: 'The last', effect: 'allow', service_id: service };
  expect((await stage.call('POST', '/rules', open)).status).toBe(201);
  await stage.open('/');
  await stage.page.getByText('1 rule allows risky requests').waitFor();
});

test('no page had script errors or policy violations', () => {
  expect(stage.trouble).toEqual([]);
});
