import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ACCOUNT } from './gateway';
import { approve, Stage } from './page';

const DESCRIPTION = JSON.stringify({
  openapi: '3.1.0',
  info: { title: 'Things', version: '1' },
  paths: {
    '/things': {
      get: { operationId: 'listThings', summary: 'List things', responses: {} },
      delete: { operationId: 'dropThings', summary: 'Remove all things', responses: {} },
    },
  },
});

const run = promisify(execFile);

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.start();
});

afterAll(() => stage?.stop());

/** Runs shell lines as an agent's terminal would, and returns their output. */
async function shell(lines: string): Promise<string> {
  return (await run('sh', ['-c', lines])).stdout;
}

test('a new user gets from first start to an approved and executed request', async ({
  annotate,
}) => {
  const { page } = stage;
  const began = Date.now();
  await stage.open('/');
  await page.getByLabel('Email').fill(ACCOUNT.email);
  await page.getByLabel('Password').fill(ACCOUNT.password);
  await page.getByRole('button', { name: 'Create account', exact: true }).click();

  await page.getByRole('button', { name: 'Custom Any HTTP API' }).click();
  await page.getByLabel('Name').fill('things');
  await page.getByLabel('Base URL').fill(`http://127.0.0.1:${stage.upstream.port}`);
  await page.getByLabel('Token').fill('the-real-secret');
  await page.getByRole('button', { name: 'Add service' }).click();

  await page.getByRole('button', { name: 'Send test call' }).click();
  await page.getByText('The service responded with 200.').waitFor();
  await page.getByRole('button', { name: 'Continue', exact: true }).click();

  await page.getByRole('tab', { name: 'File' }).click();
  await page.locator('input[type="file"]').setInputFiles({
    name: 'things.json',
    mimeType: 'application/json',
    buffer: Buffer.from(DESCRIPTION),
  });
  await page.getByText('2 operations').waitFor();
  await page.getByRole('button', { name: 'Continue', exact: true }).click();

  await page.getByLabel('Agent name').fill('first');
  await page.getByRole('button', { name: 'Create agent' }).click();
  await page.getByLabel('I have stored the key').check();
  await page.getByRole('button', { name: 'Show how' }).click();
  await page.getByRole('tab', { name: 'curl' }).click();
  const curl =
    (await page.getByRole('tabpanel', { name: 'curl' }).locator('pre').textContent()) ?? '';

  expect(await shell(curl)).toMatch(/^HTTP\/1.1 200 .*done$/s);
  await page.getByText('First request received').waitFor();

  // The agent now sends a request that requires approval, with the same snippet.
  const held = await shell(curl.replace('curl -i', 'curl -i -X DELETE'));
  expect(held).toMatch(/^HTTP\/1.1 428 /);
  const status = /^location: (\S+)/im.exec(held)?.[1];
  await page.getByRole('link', { name: 'Open queue' }).click();
  await page.getByRole('article').getByText('Remove all things').first().waitFor();
  // The first is the test call.
  expect(stage.upstream.received).toEqual(['GET /', 'GET /things']);
  await approve(page);
  await page.getByText('Approved: Remove all things').waitFor();

  // The agent executes the approved request by the URL in its status.
  const variables = curl.slice(0, curl.indexOf('curl'));
  const ask = `${variables}curl -s -H "Agent-Key: $GAITERGUARD_AGENT_KEY" "$GAITERGUARD_URL"`;
  const statusOf = async () => JSON.parse(await shell(`${ask}${status}`));
  // The approval can be undone for some seconds before it is released.
  await expect.poll(async () => (await statusOf()).status, { timeout: 15_000 }).toBe('APPROVED');
  const approved = await statusOf();
  expect(
    await shell(`${ask}${new URL(approved.execute_url, stage.gateway.url).pathname} -X POST`),
  ).toBe('done');
  expect(stage.upstream.received).toEqual(['GET /', 'GET /things', 'DELETE /things']);
  expect(stage.upstream.authorized).toEqual(Array(3).fill('Bearer the-real-secret'));
  await page.getByRole('link', { name: 'History' }).click();
  await page.locator('main li').filter({ hasText: 'Executed' }).first().waitFor();
  const timing = `from the first page to the executed request: ${Date.now() - began} ms`;
  await annotate(timing);
  console.info(timing);
  expect(stage.trouble).toEqual([]);
});
