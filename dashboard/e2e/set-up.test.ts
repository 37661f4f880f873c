import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ACCOUNT } from './gateway';
import { approve, EVERY_THEME, Stage } from './page';

/** Its paths repeat the path of the base URL, as many documents do. */
const DESCRIPTION = `openapi: 3.1.0
info: { title: Things, version: "1" }
paths:
  /api/things:
    get: { operationId: listThings, summary: List things, responses: {} }
`;

const SIGN_IN_PAGE =
  '<!doctype html><html><head><title>Things</title></head><body><form><input type="password"></form></body></html>';

const run = promisify(execFile);

let stage: Stage;
let base: string;

beforeAll(async () => {
  stage = await Stage.start();
  base = `http://127.0.0.1:${stage.upstream.port}/api`;
});

afterAll(() => stage?.stop());

const step = (name: string) =>
  stage.page.getByRole('list', { name: 'Steps' }).getByRole('listitem').filter({ hasText: name });
const sample = (name: string) => stage.page.getByRole('region', { name, exact: true });
const passes = () => sample('A request that passes');
const needsApproval = () => sample('A request that needs your approval');

const keyShown = () => stage.page.getByTestId('agent-key');
let agents = 0;

/** Opens the last step. Only the page that has created an agent has its key, so another attempt creates one. */
async function openSamples(isStored = true) {
  const { page } = stage;
  if (await keyShown().count()) return;
  const { json } = await stage.call('GET', '/services');
  const { id } = json.find(({ name }: { name: string }) => name === 'things');
  await stage.open(`/set-up?service=${id}&step=agent`);
  agents += 1;
  await page.getByLabel('Agent name').fill(`again-${agents}`);
  await page.getByRole('button', { name: 'Create agent' }).click();
  await keyShown().waitFor();
  if (isStored) await page.getByLabel('I have stored the key').check();
}

/** Shows the details of the sample that passes. */
async function showDetails() {
  const field = passes().getByLabel('Path to read');
  if (!(await field.isVisible())) await passes().getByText('Details', { exact: true }).click();
  return field;
}

/** Shows how the agent is connected. */
async function showConnect() {
  const { page } = stage;
  const show = page.getByRole('button', { name: 'Show how' });
  if (await show.count()) await show.click();
  await page.getByRole('tab', { name: 'curl', exact: true }).waitFor();
}

/** Fills in the form of a custom service and creates it. */
async function addService(name: string) {
  const { page } = stage;
  await page.getByRole('button', { name: 'Custom Any HTTP API' }).click();
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('Base URL').fill(base);
  await page.getByLabel('Token').fill('the-real-secret');
  await page.getByRole('button', { name: 'Add service' }).click();
  await page.getByRole('heading', { name: 'Test call' }).waitFor();
}

test('an account leads to a service, and its connection is tried', async () => {
  const { page } = stage;
  await stage.open('/');
  await page.getByLabel('Email').fill(ACCOUNT.email);
  await page.getByLabel('Password').fill(ACCOUNT.password);
  await page.getByRole('button', { name: 'Create account', exact: true }).click();

  await page.getByText('Which API should your agents use?').waitFor();
  await stage.expectFine('set-up-service');
  await addService('things');
  await stage.expectFine('set-up-connection', EVERY_THEME);
  await page.getByRole('button', { name: 'Skip', exact: true }).waitFor();
  await page.getByRole('button', { name: 'Send test call' }).click();
  await page.getByText('The service responded with 200.').waitFor();
  expect(stage.upstream.authorized).toEqual(['Bearer the-real-secret']);
  await page.getByRole('button', { name: 'Continue', exact: true }).click();
  await page.getByRole('heading', { name: 'Add a document' }).waitFor();
});

test('a page that is not a description is not taken for one, and can be removed', async () => {
  const { page } = stage;
  stage.upstream.bodies.set('/api/login', SIGN_IN_PAGE);
  await page.getByRole('tab', { name: 'URL' }).click();
  await page.getByLabel('Document URL').fill(`${base}/login`);
  await page.getByRole('button', { name: 'Fetch document' }).click();
  await page.getByText(/asks for a password, so it is probably a login page/).waitFor();
  expect(await page.getByText(/\d operation/).count()).toBe(0);

  stage.upstream.bodies.set('/api/notes', '# Notes\n\nThings are stored by name.');
  await page.getByLabel('Document URL').fill(`${base}/notes`);
  await page.getByRole('button', { name: 'Fetch document' }).click();
  await page.getByText('0 operations').waitFor();
  expect(await page.getByRole('button', { name: 'Continue', exact: true }).count()).toBe(0);
  await page.getByRole('button', { name: 'Continue without operations' }).waitFor();
  await stage.expectFine('set-up-no-operations', EVERY_THEME);
  await page.getByRole('button', { name: 'Delete…' }).click();
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await page.getByText('0 operations').waitFor({ state: 'detached' });
});

test('a document and an agent lead to the first request', async () => {
  const { page } = stage;
  await page.reload();
  await page.getByRole('tab', { name: 'Paste' }).click();
  await page.getByLabel('Document', { exact: true }).fill(DESCRIPTION);
  await page.getByRole('button', { name: 'Add document' }).click();
  await page.getByText('1 operation').waitFor();
  await page.getByRole('button', { name: 'Continue', exact: true }).click();

  await page.getByLabel('Agent name').fill('first');
  await stage.expectFine('set-up-agent', EVERY_THEME);
  await page.getByRole('button', { name: 'Create agent' }).click();

  await keyShown().waitFor();
  await stage.expectFine('set-up-samples', EVERY_THEME);
  await showConnect();
  await showDetails();
  // The document may still be parsing when the step appears.
  for (const field of ['Test path', 'Path to read']) {
    await expect
      .poll(() => page.getByLabel(field).inputValue(), { timeout: 5_000 })
      .toBe('/things');
  }
  await stage.expectFine('set-up-waiting');
  const key = (await keyShown().textContent()) ?? '';
  for (const client of ['Python', 'OpenAI SDK', 'Claude Code', 'Cursor', 'MCP', 'Skill', 'curl']) {
    await page.getByRole('tab', { name: client, exact: true }).click();
    await page.getByRole('tabpanel', { name: client }).getByText(key).waitFor();
  }
});

test('leaving asks for confirmation until the key is stored, but the steps are links', async () => {
  const { page } = stage;
  await openSamples(false);
  await step('Document').getByRole('link').click();
  await page.getByText('1 operation').waitFor();
  await page.goBack();
  const key = await keyShown().textContent();
  expect(key).toMatch(/^agt_/);
  await page.getByRole('link', { name: 'Queue' }).click();
  await page.getByText('The key is not shown again').waitFor();
  await page.getByRole('button', { name: 'Stay' }).click();
  await page.getByLabel('I have stored the key').check();
});

test('the first sample passes, and the last step is ticked', async () => {
  const { page } = stage;
  await openSamples();
  expect(await step('First request').getByLabel('Done').count()).toBe(0);
  await passes().getByRole('button', { name: 'Send a sample' }).click();
  await page.getByText('First request received').waitFor();
  await passes().getByText('The service responded with 200.').waitFor();
  expect(stage.upstream.received.at(-1)).toBe('GET /api/things');
  await step('First request').getByLabel('Done').waitFor();
});

test('the second sample is held, approved in the page, and sent once', async () => {
  const { page } = stage;
  await openSamples();
  const before = stage.upstream.received.length;
  await needsApproval().getByRole('button', { name: 'Send a sample that is held' }).click();
  const card = page.getByRole('article', { name: 'Held request' });
  await card
    .getByText(/sample-/)
    .first()
    .waitFor();
  await expect.poll(() => card.evaluate((one) => one === document.activeElement)).toBe(true);
  expect(stage.upstream.received).toHaveLength(before);
  // Everything else is behind one press.
  expect(await card.getByText('Exact request').count()).toBe(0);
  await stage.expectFine('set-up-held', EVERY_THEME);
  await card.getByRole('button', { name: 'Show everything' }).click();
  await card.getByText('Exact request').waitFor();
  await stage.expectFine('set-up-held-whole');
  await card.getByRole('button', { name: 'Show less' }).click();
  await card.scrollIntoViewIfNeeded();
  await approve(page);
  await page.getByText('Approved and sent.').waitFor();
  expect(stage.upstream.received.slice(before)).toEqual([
    expect.stringMatching(/^DELETE \/api\/sample-[0-9a-f]{10}$/),
  ]);
  expect(await needsApproval().getAttribute('data-state')).toBe('good');
  await stage.expectFine('set-up-done');
});

test('a held sample that is denied is never sent', async () => {
  const { page } = stage;
  await openSamples();
  const before = stage.upstream.received.length;
  await needsApproval().getByRole('button', { name: /^Send/ }).click();
  await page.getByRole('button', { name: 'Deny…' }).click();
  await page.getByRole('button', { name: 'Deny', exact: true }).click();
  await needsApproval().getByText('Nothing was sent.').waitFor();
  expect(stage.upstream.received).toHaveLength(before);
});

test('a sample that rules would forward is not sent', async () => {
  await openSamples();
  const rule = {
    name: 'All',
    effect: 'allow',
    condition: 'request.method == "DELETE"',
    enabled: true,
  };
  const made = await stage.call('POST', '/rules', rule);
  expect(made.status).toBe(201);
  const before = stage.upstream.received.length;
  await needsApproval().getByRole('button', { name: /^Send/ }).click();
  await needsApproval().getByText('Not sent').waitFor();
  expect(stage.upstream.received).toHaveLength(before);
  await stage.call('DELETE', `/rules/${made.json.id}`);
});

test('a response other than 2xx is not a success', async () => {
  const { page } = stage;
  await openSamples();
  stage.upstream.statuses.set('/api/moved', 302);
  await (await showDetails()).fill('/moved');
  await passes().getByRole('button', { name: /^Send/ }).click();
  await passes()
    .getByText(
      'The request reached the service, which responded with 302. Check the path and the credential.',
    )
    .waitFor();
  expect(await passes().getAttribute('data-state')).toBe('bad');
  expect(await page.getByText('First request received').count()).toBe(0);
  expect(stage.upstream.received).not.toContain('GET /elsewhere');
  await stage.expectFine('set-up-redirected');
});

test('each snippet works, and its request appears immediately', async () => {
  const { page } = stage;
  await openSamples();
  await showConnect();
  const home = mkdtempSync(join(tmpdir(), 'gaiterguard-home-'));
  const env = { ...process.env, HOME: home };
  const clients = [
    ['curl', 'sh', ['-c'], /200.*done/s],
    ['Python', 'python3', ['-c'], /200.*done/s],
    ['TypeScript', process.execPath, ['--input-type=module', '-e'], /200.*done/s],
    ['Skill', 'sh', ['-c'], /done/],
  ] as const;
  try {
    for (const [client, program, options, output] of clients) {
      await page.getByRole('tab', { name: client, exact: true }).click();
      const code = await page.getByRole('tabpanel', { name: client }).locator('pre').textContent();
      const before = stage.upstream.received.length;
      const { stdout } = await run(program, [...options, code ?? ''], { env });
      expect(stdout, client).toMatch(output);
      expect(stage.upstream.received.slice(before), client).toEqual(['GET /api/things']);
      await page.getByText('First request received').waitFor({ timeout: 2_000 });
    }
  } finally {
    rmSync(home, { recursive: true });
  }
});

test('a reload keeps the step but not the key', async () => {
  const { page } = stage;
  await openSamples();
  const isComplete = page.getByText('Setup is complete.');
  if (!(await isComplete.count())) {
    await passes().getByRole('button', { name: /^Send/ }).click();
    await page.getByText('First request received').waitFor();
    await needsApproval().getByRole('button', { name: /^Send/ }).click();
    await page.getByRole('button', { name: 'Deny…' }).click();
    await page.getByRole('button', { name: 'Deny', exact: true }).click();
  }
  await isComplete.waitFor();
  await page.reload();
  await page.getByText('The key was shown only once').waitFor();
  await page.getByText('First request received').waitFor();
  expect(await keyShown().count()).toBe(0);
  expect(await page.getByRole('button', { name: /^Send/ }).count()).toBe(0);
  await page.getByText('Setup is complete.').waitFor();
  await page.getByRole('link', { name: 'Open queue' }).click();
  await page.getByText('No pending requests').waitFor();
});

test('a rejected credential is asked for again', async () => {
  const { page } = stage;
  await stage.open('/set-up');
  await addService('others');
  stage.upstream.statuses.set('/api/me', 401);
  await page.getByLabel('Path below the base URL').fill('/me');
  await page.getByRole('button', { name: 'Send test call' }).click();
  await page.getByText('responded with 401. Check the credential.').waitFor();
  await page.getByRole('button', { name: 'Continue anyway' }).waitFor();
  await stage.expectFine('set-up-rejected');
  await page.getByLabel('Token').fill('the-right-secret');
  await page.getByRole('button', { name: 'Save credential' }).click();
  await page.getByText('Saved', { exact: true }).waitFor();
  stage.upstream.statuses.set('/api/me', 200);
  await page.getByRole('button', { name: 'Send test call' }).click();
  await page.getByText('The service responded with 200.').waitFor();
  expect(stage.upstream.authorized.at(-1)).toBe('Bearer the-right-secret');
  await page.getByRole('button', { name: 'Continue', exact: true }).waitFor();
});

test('Back keeps the template and what was typed', async () => {
  const { page } = stage;
  await stage.open('/set-up');
  await page.getByRole('button', { name: 'Stripe' }).click();
  await page.getByLabel('Name').fill('my payments');
  await page.getByRole('button', { name: 'Use “my-payments” instead' }).click();
  await page.goBack();
  await page.getByLabel('Search the catalog').waitFor();
  await page.goForward();
  expect(await page.getByLabel('Name').inputValue()).toBe('my-payments');
  await page.reload();
  expect(await page.getByLabel('Base URL').inputValue()).toBe('https://api.stripe.com');
});

test('no page had script errors or policy violations', () => {
  expect(stage.trouble).toEqual([]);
});
