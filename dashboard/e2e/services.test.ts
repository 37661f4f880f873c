import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { Locator } from 'playwright-core';
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

/** The further field without which the token endpoint refuses a form. */
const AUDIENCE = 'https://api.example.com/';

let stage: Stage;
let base: string;
let tokenEndpoint: Server;

/** Starts a token endpoint that requires an audience. */
async function startTokenEndpoint(): Promise<Server> {
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request.setEncoding('utf8')) body += part;
    const isGranted = new URLSearchParams(body).get('audience') === AUDIENCE;
    response.writeHead(isGranted ? 200 : 403, { 'Content-Type': 'application/json' });
    const token = {
      access_token: 'token-for-the-audience',
      token_type: 'Bearer',
      expires_in: 3600,
    };
    response.end(JSON.stringify(isGranted ? token : { error: 'access_denied' }));
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return server;
}

beforeAll(async () => {
  tokenEndpoint = await startTokenEndpoint();
  stage = await Stage.start({ UPSTREAM_PRIVATE_ALLOW: '127.0.0.1/32' });
  base = `http://127.0.0.1:${stage.upstream.port}`;
  await stage.signIn();
});

afterAll(async () => {
  await stage?.stop();
  tokenEndpoint?.close();
});

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

test('further fields of a token request are entered, sent, and shown by name', async () => {
  const { page } = stage;
  const { port } = tokenEndpoint.address() as AddressInfo;
  const enter = async (form: Locator) => {
    await form.getByLabel('Format').selectOption('Client');
    await form.getByLabel('Token URL').fill(`http://127.0.0.1:${port}/token`);
    await form.getByLabel('Client ID').fill('gateway');
    await form.getByLabel('Client secret').fill('the-client-secret');
  };
  await stage.open('/services/new');
  await page.getByRole('button', { name: 'Custom Any HTTP API' }).click();
  await page.getByLabel('Name').fill('audience');
  await page.getByLabel('Base URL').fill(base);
  await page.getByLabel('Credential', { exact: true }).selectOption('OAuth 2.0');
  await enter(page.locator('main'));
  await page.getByRole('button', { name: 'Add service' }).click();
  const panel = page.locator('#credential');
  await panel.getByText('token_url, client_id, client_secret', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Send test call' }).click();
  await panel.getByText(/No access token could be fetched: .*refused with status 403/).waitFor();

  const form = panel.locator('form').filter({ hasText: 'Replace credential' });
  await enter(form);
  await form.getByText('Additional provider settings').click();
  await form
    .getByLabel('Additional form fields')
    .fill(`audience=${encodeURIComponent(AUDIENCE)}&account_id=a-private-account`);
  await page.getByRole('button', { name: 'Save credential' }).click();
  await panel.getByText(/, extra\.audience, extra\.account_id$/).waitFor();
  await panel.getByText('No access token could be fetched').waitFor({ state: 'detached' });
  await stage.expectFine('service-further-fields');
  await page.getByRole('button', { name: 'Send test call' }).click();
  await page.getByText('The service responded with 200.').waitFor();
  expect(stage.upstream.authorized.at(-1)).toBe('Bearer token-for-the-audience');
  await page.reload();
  await panel.getByText('extra.account_id').waitFor();
  const content = await page.content();
  expect(['a-private-account', 'the-client-secret'].filter((one) => content.includes(one))).toEqual(
    [],
  );
});

test('a web page that shows an API description leads to that description', async () => {
  const { page } = stage;
  const { bodies } = stage.upstream;
  const script = '<script src="./swagger-initializer.js"></script>';
  bodies.set('/swagger-ui/', `<!doctype html><html><div id="swagger-ui"></div>${script}</html>`);
  bodies.set(
    '/swagger-ui/swagger-initializer.js',
    'window.ui = SwaggerUIBundle({ url: "/v3/api-docs" })',
  );
  bodies.set('/v3/api-docs', DESCRIPTION);
  bodies.set(
    '/shown',
    '<!doctype html><html><pre>openapi: 3.0.0\npaths:\n  /shown:\n    get: {}\n</pre></html>',
  );
  await stage.open(`/services/${await stage.service('documented')}`);
  const documents = page.locator('section').filter({ hasText: /^Documents/ });
  const add = async (path: string) => {
    await page.getByRole('tab', { name: 'URL' }).click();
    await page.getByLabel('Document URL').fill(base + path);
    await page.getByRole('button', { name: 'Fetch document' }).click();
  };
  const document = (text: string) => documents.getByRole('listitem').filter({ hasText: text });
  await add('/swagger-ui/');
  const found = document('4 operations').first();
  await found.getByText('1 warning', { exact: true }).waitFor();
  await found.getByText('Warnings', { exact: true }).click();
  await found
    .getByText(`the URL leads to a web page; the API description was read from ${base}/v3/api-docs`)
    .waitFor();
  await page.getByText('List all things').waitFor();
  await stage.expectFine('service-web-page');

  await add('/shown');
  const shown = document('1 operation').filter({ hasNotText: '4 operations' }).first();
  await shown.getByText('Warnings', { exact: true }).click();
  await shown.getByText('this is a web page; the API description in it was read').waitFor();

  bodies.set('/empty', '<!doctype html><html><body></body></html>');
  await add('/empty');
  await page
    .getByRole('alert')
    .getByText('is an HTML page, not an API description; no description was found in it')
    .waitFor();
  bodies.set('/prose', '<!doctype html><html><body><p>Handle with care.</p></body></html>');
  await page.getByText('Fetch options').click();
  await page.getByLabel('Keep the text of a web page').check();
  await page.getByLabel('Send the service’s credential').check();
  await add('/prose');
  await document('1 text section').waitFor();
  expect(stage.upstream.authorized.at(-1)).toBe('Bearer the-real-secret');
  await page.getByLabel('Keep the text of a web page').uncheck();
  await page.getByLabel('Send the service’s credential').uncheck();
  bodies.set('/broken', '<!doctype html><html><redoc spec-url="/gone.json"></redoc></html>');
  stage.upstream.statuses.set('/gone.json', 404);
  await add('/broken');
  await page
    .getByRole('alert')
    .getByText(`the description seems to be at ${base}/gone.json (the server responded with 404)`)
    .waitFor();
  expect(stage.upstream.authorized.at(-1)).toBeUndefined();
  expect(await documents.getByRole('button', { name: 'Fetch again' }).count()).toBe(3);
});

test('no page had script errors or policy violations', () => {
  expect(stage.trouble).toEqual([]);
});
