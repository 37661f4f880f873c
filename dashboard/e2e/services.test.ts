import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HOSTILE, Stage } from './page';

const DESCRIPTION = JSON.stringify({
  openapi: '3.1.0',
  info: { title: `Things ${HOSTILE}`, version: '1' },
  paths: {
    '/things': {
      get: { operationId: 'listThings', summary: 'List all things', responses: {} },
      post: { operationId: 'makeThing', summary: 'Make a thing', responses: {} },
    },
    '/things/{id}': {
      get: { operationId: 'getThing', summary: 'One thing', responses: {} },
      delete: { operationId: 'dropThing', summary: 'Drop a thing', responses: {} },
    },
  },
});
const SECRET = 'the-real-secret';

let stage: Stage;
let base: string;

beforeAll(async () => {
  stage = await Stage.start();
  base = `http://127.0.0.1:${stage.upstream.port}`;
  await stage.signIn();
});

afterAll(() => stage?.stop());

const listed = async () => (await stage.call('GET', '/services')).json;

test('a service is added from the catalog, and its secret is on no page', async () => {
  const { page } = stage;
  await page.getByRole('link', { name: 'Services' }).click();
  await page.getByText('No services yet').waitFor();
  await page.getByRole('link', { name: 'New service' }).click();
  await page.getByRole('button', { name: 'Stripe' }).waitFor();
  await stage.expectFine('services-catalog');
  await page.getByLabel('Search the catalog').fill('payments');
  await page.getByRole('button', { name: 'Stripe' }).click();
  expect(await page.getByLabel('Base URL').inputValue()).toBe('https://api.stripe.com');
  await stage.expectFine('services-new');
  await page.getByLabel('Token').fill(SECRET);
  await page.getByRole('button', { name: 'Add service' }).click();
  await page.getByRole('heading', { name: 'Test call' }).waitFor();
  expect(await listed()).toMatchObject([
    { name: 'stripe', authType: 'bearer', credentials: { keys: ['token'] } },
  ]);
  expect((await page.content()).includes(SECRET)).toBe(false);
});

test('validation errors are shown next to their fields until they are edited', async () => {
  const { page } = stage;
  await stage.open('/services/new');
  await page.getByRole('button', { name: 'Custom Any HTTP API' }).click();
  await page.getByLabel('Name').fill('stripe');
  await page.getByLabel('Base URL').fill('http://169.254.169.254/latest');
  await page.getByLabel('Token').fill(SECRET);
  await page.getByRole('button', { name: 'Add service' }).click();
  await page.getByRole('alert').first().waitFor();
  expect(await page.getByLabel('Base URL').getAttribute('aria-invalid')).toBe('true');
  await page.getByLabel('Base URL').fill('');
  // The browser itself refuses an empty field, so the old error would stay.
  await page.getByRole('button', { name: 'Add service' }).click();
  expect(await page.getByRole('alert').count()).toBe(0);
  await page.getByLabel('Base URL').fill(base);
  await page.getByRole('button', { name: 'Add service' }).click();
  await page.getByRole('alert').filter({ hasText: /name/ }).waitFor();
  expect(await page.getByLabel('Name').getAttribute('aria-invalid')).toBe('true');
  expect(await page.getByLabel('Token').inputValue()).toBe(SECRET);
  await page.getByLabel('Name').fill(`things ${HOSTILE}`);
  await page.getByRole('button', { name: 'Add service' }).click();
  await page.getByRole('heading', { name: 'things' }).waitFor();
});

test('a test call shows the response as text', async () => {
  const { page } = stage;
  stage.upstream.bodies.set('/page', `<script>alert(1)</script> ${SECRET}`);
  await page.getByLabel('Path below the base URL').fill('/page');
  await page.getByRole('button', { name: 'Send test call' }).click();
  await page.getByText('The service responded with 200.').waitFor();
  await page.getByText('<script>alert(1)</script>').waitFor();
  expect(stage.upstream.received).toEqual(['GET /page']);
  expect((await page.content()).includes(SECRET)).toBe(false);
  await page.getByLabel('Path below the base URL').fill('/../etc');
  await page.getByRole('button', { name: 'Send test call' }).click();
  await page.getByRole('alert').waitFor();
  expect(stage.upstream.received).toHaveLength(1);
});

test('documents are uploaded, pasted, and fetched, and their operations found', async () => {
  const { page } = stage;
  await page.locator('input[type="file"]').setInputFiles({
    name: 'things.json',
    mimeType: 'application/json',
    buffer: Buffer.from(DESCRIPTION),
  });
  await page.getByText('4 operations').waitFor();
  await page.getByText('List all things').waitFor();
  await page.getByLabel('Search operations').fill('drop');
  await page.getByText('List all things').waitFor({ state: 'detached' });
  await page.getByText('Drop a thing').waitFor();
  await page.getByLabel('Search operations').fill('');
  const drop = page.getByRole('listitem').filter({ hasText: 'Drop a thing' });
  await drop.getByText('Deletes', { exact: true }).waitFor();
  await page.getByLabel('Filter by effect').selectOption('Creates');
  await drop.waitFor({ state: 'detached' });
  await page.getByText('Make a thing').waitFor();
  await page.getByLabel('Filter by effect').selectOption('Pays');
  await page.getByText('No operations match.').waitFor();
  await page.getByLabel('Filter by effect').selectOption('All effects');
  await page.getByRole('button', { name: 'Try GET /things', exact: true }).click();
  const path = page.getByLabel('Path below the base URL');
  expect(await path.inputValue()).toBe('/things');
  expect(await path.evaluate((field) => field === document.activeElement)).toBe(true);

  await page.getByRole('tab', { name: 'Paste' }).click();
  await page.getByLabel('Document', { exact: true }).fill('# Things\n\nHandle with care.\n');
  await page.getByRole('button', { name: 'Add document' }).click();
  await page.getByText('1 text section').waitFor();

  stage.upstream.bodies.set('/openapi.json', DESCRIPTION);
  await page.getByRole('tab', { name: 'URL' }).click();
  await page.getByLabel('Document URL').fill(`${base}/openapi.json`);
  await page.getByRole('button', { name: 'Fetch document' }).click();
  await page.getByRole('button', { name: 'Fetch again' }).waitFor();
  await page.getByRole('button', { name: 'Fetch again' }).click();
  await expect
    .poll(() => stage.upstream.received.filter((line) => line === 'GET /openapi.json').length)
    .toBe(2);
  await stage.expectFine('service');

  const file = await page.evaluateHandle((text) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([text], 'dropped.md', { type: 'text/markdown' }));
    return transfer;
  }, '# Dropped\n\nOn the page.\n');
  await page.getByRole('tab', { name: 'File' }).click();
  await page.dispatchEvent('label:has(input[type="file"])', 'drop', { dataTransfer: file });
  await page.getByText('dropped.md').waitFor();
  await page.getByRole('listitem').filter({ hasText: 'dropped.md' }).getByText('Delete…').click();
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  expect(await page.getByText('dropped.md').count()).toBe(0);
});

/** A description whose declaration follows many kilobytes of schemas, as when keys are sorted. */
const KEY_SORTED = `components:
  schemas:
${Array.from({ length: 500 }, (_, at) => `    Schema${at}: { type: string }`).join('\n')}
info: { title: Sorted, version: "1" }
openapi: 3.0.1
paths:
  /sorted: { get: { operationId: listSorted, responses: {} } }
`;

test('a description is recognized by its whole text, also when it is compressed', async () => {
  const { page } = stage;
  const upload = (name: string, buffer: Buffer) =>
    page
      .locator('input[type="file"]')
      .setInputFiles({ name, mimeType: 'application/octet-stream', buffer });
  await page.getByRole('tab', { name: 'File' }).click();
  await upload('sorted.yaml.gz', gzipSync(KEY_SORTED));
  const sorted = page.getByRole('listitem').filter({ hasText: 'sorted.yaml.gz' });
  await sorted.getByText('1 operation', { exact: true }).waitFor();
  await sorted.getByText('API description').waitFor();
  await upload('sorted.zip', Buffer.from('PK\x03\x04 and more', 'latin1'));
  await page.getByText('sorted.zip is a ZIP archive').waitFor();
});

test('a text without operations says so', async () => {
  const { page } = stage;
  const pasted = page.getByRole('listitem').filter({ hasText: '1 text section' }).first();
  await pasted.getByText('0 operations').waitFor();
  await pasted.getByText('it is not an API description').waitFor();
});

test('a credential of another kind is given in the form that drops the old one', async () => {
  const { page } = stage;
  const settings = page.locator('section').filter({ hasText: /^Settings/ });
  await settings.getByLabel('Credential', { exact: true }).selectOption('API key in a header');
  await settings.getByText('Saving removes the stored credential').waitFor();
  const save = settings.getByRole('button', { name: 'Save settings' });
  await save.click();
  // The browser asks for the key, so nothing is saved without one.
  expect((await listed()).at(-1)).toMatchObject({ authType: 'bearer' });
  await settings.getByLabel('Key', { exact: true }).fill('the-header-secret');
  await stage.expectFine('service-other-credential');
  await save.click();
  await settings.getByText('Saved', { exact: true }).waitFor();
  expect((await listed()).at(-1)).toMatchObject({
    authType: 'api_key',
    credentials: { keys: ['value'] },
  });
  expect((await page.content()).includes('the-header-secret')).toBe(false);
  await settings.getByLabel('Credential', { exact: true }).selectOption('Bearer token');
  await settings.getByLabel('Token').fill(SECRET);
  await save.click();
  await expect.poll(async () => (await listed()).at(-1).authType).toBe('bearer');
  await page.reload();
  await page.getByRole('heading', { name: 'things' }).waitFor();
});

test('a credential is replaced, and its secret is on no page', async () => {
  const { page } = stage;
  await page.getByLabel('Token').fill('another-secret');
  await page.getByRole('button', { name: 'Save credential' }).click();
  await page.getByText('Saved', { exact: true }).waitFor();
  expect(await page.getByLabel('Token').inputValue()).toBe('');
  await page.reload();
  await page.getByRole('heading', { name: 'things' }).waitFor();
  expect((await page.content()).includes('another-secret')).toBe(false);
});

test('settings are changed and a service is deleted by keyboard', async () => {
  const { page } = stage;
  const name = page.getByLabel('Name');
  await name.fill('renamed');
  await name.press('Enter');
  await page.getByText('Saved', { exact: true }).waitFor();
  expect((await listed()).map((each: { name: string }) => each.name)).toContain('renamed');
  await page.getByRole('button', { name: 'Delete…' }).first().focus();
  await page.keyboard.press('Enter');
  await page.getByText('This cannot be undone').waitFor();
  await page.getByRole('button', { name: 'Delete service' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Services' }).waitFor();
  await stage.expectFine('services');
  expect((await listed()).map((each: { name: string }) => each.name)).toEqual(['stripe']);
});

test('no page had script errors or policy violations', () => {
  expect(stage.trouble).toEqual([]);
});
