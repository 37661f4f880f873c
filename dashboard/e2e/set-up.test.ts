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

test('the first start leads from an account to the first request', async () => {
  const { page } = stage;
  await stage.open('/');
  await page.getByLabel('E-mail').fill(ACCOUNT.email);
  await page.getByLabel('Password').fill(ACCOUNT.password);
  await page.getByRole('button', { name: 'Create account', exact: true }).click();

  await page.getByText('Which API shall your agents use?').waitFor();
  await stage.expectFine('set-up-service');
  await page.getByRole('button', { name: 'Custom Any HTTP API' }).click();
  await page.getByLabel('Name').fill('things');
  await page.getByLabel('Base URL').fill(`http://127.0.0.1:${stage.upstream.port}`);
  await page.getByLabel('Token').fill('the-real-secret');
  await page.getByRole('button', { name: 'Register service' }).click();

  await page.getByRole('heading', { name: 'Describe the API' }).waitFor();
  await stage.expectFine('set-up-document');
  await page.reload();
  await page.getByRole('tab', { name: 'Paste' }).click();
  await page.getByLabel('The document', { exact: true }).fill(DESCRIPTION);
  await page.getByRole('button', { name: 'Add document' }).click();
  await page.getByText('1 operation').waitFor();
  await page.getByRole('button', { name: 'Go on', exact: true }).click();

  await page.getByLabel('The agent’s name').fill('first');
  await stage.expectFine('set-up-agent');
  await page.getByRole('button', { name: 'Create agent' }).click();

  await page.getByText('Waiting for the first request…').waitFor();
  // The document may still be being read when the step is there.
  await expect
    .poll(() => page.getByLabel('What to read first').inputValue(), { timeout: 5_000 })
    .toBe('/things');
  await stage.expectFine('set-up-waiting');
  const key = (await page.getByTestId('agent-key').textContent()) ?? '';
  for (const language of ['Python', 'TypeScript', 'Skill', 'curl']) {
    await page.getByRole('tab', { name: language }).click();
    await page.getByRole('tabpanel', { name: language }).getByText(key).waitFor();
  }
});

test('leaving asks whether the key is stored', async () => {
  const { page } = stage;
  await page.getByRole('link', { name: 'Queue' }).click();
  await page.getByText('The key is not shown again').waitFor();
  await page.getByRole('button', { name: 'Stay here' }).click();
  await page.getByLabel('I have stored the key').check();
});

test('what is pasted works in each language, and its arrival is seen at once', async () => {
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
    await page.getByText('The first request is here').waitFor({ timeout: 2_000 });
  }
  expect(stage.upstream.received).toEqual(['GET /things', 'GET /things', 'GET /things']);
  await page.getByText('The service answered 200.').waitFor();
  await stage.expectFine('set-up-arrived');
});

test('a reload keeps the place, and shows the key no more', async () => {
  const { page } = stage;
  await page.reload();
  await page.getByText('The key was shown once').waitFor();
  await page.getByText('The first request is here').waitFor();
  expect(await page.getByTestId('agent-key').count()).toBe(0);
  await page.getByRole('link', { name: 'To the queue' }).click();
  await page.getByText('Nothing waits for you').waitFor();
});

test('no page broke and none broke its policy', () => {
  expect(stage.trouble).toEqual([]);
});
