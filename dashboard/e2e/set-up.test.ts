import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ACCOUNT } from './gateway';
import { Stage } from './page';

const DESCRIPTION = `openapi: 3.1.0
info: { title: Things, version: "1" }
paths:
  /things:
    get: { operationId: listThings, summary: List things, responses: {} }
`;

const run = promisify(execFile);

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.start();
});

afterAll(() => stage?.stop());

test('the set-up leads from an account to the first request', async () => {
  const { page } = stage;
  await stage.open('/');
  await page.getByLabel('Email').fill(ACCOUNT.email);
  await page.getByLabel('Password').fill(ACCOUNT.password);
  await page.getByRole('button', { name: 'Create account', exact: true }).click();

  await page.getByText('Which API should your agents use?').waitFor();
  await stage.expectFine('set-up-service');
  await page.getByRole('button', { name: 'Custom Any HTTP API' }).click();
  await page.getByLabel('Name').fill('things');
  await page.getByLabel('Base URL').fill(`http://127.0.0.1:${stage.upstream.port}`);
  await page.getByLabel('Token').fill('the-real-secret');
  await page.getByRole('button', { name: 'Add service' }).click();

  await page.getByRole('heading', { name: 'Add a document' }).waitFor();
  await stage.expectFine('set-up-document');
  await page.reload();
  await page.getByRole('tab', { name: 'Paste' }).click();
  await page.getByLabel('Document', { exact: true }).fill(DESCRIPTION);
  await page.getByRole('button', { name: 'Add document' }).click();
  await page.getByText('1 operation').waitFor();
  await page.getByRole('button', { name: 'Continue', exact: true }).click();

  await page.getByLabel('Agent name').fill('first');
  await stage.expectFine('set-up-agent');
  await page.getByRole('button', { name: 'Create agent' }).click();

  await page.getByText('Waiting for the first request…').waitFor();
  // The document may still be parsing when the step appears.
  await expect
    .poll(() => page.getByLabel('Test path').inputValue(), { timeout: 5_000 })
    .toBe('/things');
  await stage.expectFine('set-up-waiting');
  const key = (await page.getByTestId('agent-key').textContent()) ?? '';
  for (const language of ['Python', 'TypeScript', 'Skill', 'curl']) {
    await page.getByRole('tab', { name: language }).click();
    await page.getByRole('tabpanel', { name: language }).getByText(key).waitFor();
  }
});

test('leaving asks for confirmation until the key is stored', async () => {
  const { page } = stage;
  await page.getByRole('link', { name: 'Queue' }).click();
  await page.getByText('The key is not shown again').waitFor();
  await page.getByRole('button', { name: 'Stay' }).click();
  await page.getByLabel('I have stored the key').check();
});

test('each snippet works, and its request appears immediately', async () => {
  const { page } = stage;
  const languages = [
    ['curl', 'sh', ['-c']],
    ['Python', 'python3', ['-c']],
    ['TypeScript', process.execPath, ['--input-type=module', '-e']],
  ] as const;
  for (const [language, program, options] of languages) {
    await page.getByRole('tab', { name: language }).click();
    const code = await page.getByRole('tabpanel', { name: language }).locator('pre').textContent();
    const { stdout } = await run(program, [...options, code ?? '']);
    expect(stdout, language).toMatch(/200.*done/s);
    await page.getByText('First request received').waitFor({ timeout: 2_000 });
  }
  expect(stage.upstream.received).toEqual(['GET /things', 'GET /things', 'GET /things']);
  await page.getByText('The service responded with 200.').waitFor();
  await stage.expectFine('set-up-arrived');
});

test('a reload keeps the step but not the key', async () => {
  const { page } = stage;
  await page.reload();
  await page.getByText('The key was shown only once').waitFor();
  await page.getByText('First request received').waitFor();
  expect(await page.getByTestId('agent-key').count()).toBe(0);
  await page.getByRole('link', { name: 'Open queue' }).click();
  await page.getByText('No pending requests').waitFor();
});

test('no page had script errors or policy violations', () => {
  expect(stage.trouble).toEqual([]);
});
