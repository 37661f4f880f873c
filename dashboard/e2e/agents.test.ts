import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HOSTILE, Stage } from './page';

let stage: Stage;
let service: number;

beforeAll(async () => {
  stage = await Stage.start();
  await stage.signIn();
  service = await stage.service('things');
  await stage.service(`other ${HOSTILE}`);
});

afterAll(() => stage?.stop());

const ask = (key: string) =>
  stage.gateway.call(
    'POST',
    '/proxy',
    { service_id: service, method: 'GET', path: '/notes', intent: 'Read the notes' },
    { 'Agent-Key': key },
  );

test('a created agent’s key is shown until it is marked as stored', async () => {
  const { page } = stage;
  await page.getByRole('link', { name: 'Agents' }).click();
  await page.getByText('No agents yet').waitFor();
  await stage.expectFine('agents-empty');
  await page.getByRole('button', { name: 'New agent' }).click();
  await page.getByLabel('Name').fill(HOSTILE);
  await page.getByLabel('things').check();
  await page.getByLabel('Wait for approval').fill('30');
  await stage.expectFine('agents-new');
  await page.getByRole('button', { name: 'Create agent' }).click();

  const shown = page.getByTestId('agent-key');
  await shown.waitFor();
  await stage.expectFine('agents-key');
  await page.keyboard.press('Escape');
  await page.mouse.click(5, 5);
  await page.goBack().catch(() => null);
  await shown.waitFor();
  expect(await page.getByRole('button', { name: 'Done' }).isDisabled()).toBe(true);
  const key = (await shown.textContent()) ?? '';
  expect(key).toMatch(/^agt_[0-9a-f]{64}$/);
  expect(await ask(key)).toMatchObject({ status: 200 });
  await page.getByLabel('I have stored the key').check();
  await page.getByRole('button', { name: 'Done' }).click();

  await page.getByText('<img src=x onerror=alert(1)>').first().waitFor();
  await page.getByText('U+00A0').first().waitFor();
  expect((await page.content()).includes(key)).toBe(false);
  await stage.expectFine('agents');
});

test('a validation error is shown next to its field, and the input stays', async () => {
  const { page } = stage;
  await page.getByRole('button', { name: 'New agent' }).click();
  await page.getByLabel('Name').fill('   ');
  await page.getByRole('button', { name: 'Create agent' }).click();
  await page.getByRole('alert').waitFor();
  expect(await page.getByLabel('Name').getAttribute('aria-invalid')).toBe('true');
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
});

test('settings and scope are saved', async () => {
  const { page } = stage;
  const { id } = await stage.agent('clerk', [service]);
  await stage.open('/agents');
  await page.getByRole('link', { name: 'clerk' }).click();
  await page.getByLabel('Name').fill('chief clerk');
  await page.getByLabel('Key expiry').fill('2031-02-03T04:05');
  await page.getByLabel('Risk threshold').fill('0.25');
  await page.getByRole('button', { name: 'Save settings' }).click();
  await page.getByText('Saved', { exact: true }).waitFor();
  const changed = (await stage.call('GET', `/agents/${id}`)).json;
  expect(changed).toMatchObject({ name: 'chief clerk', riskThreshold: 0.25 });
  expect(Date.parse(changed.expiresAt)).toBe(new Date('2031-02-03T04:05').getTime());

  await page.getByRole('checkbox', { name: /^other/ }).check();
  await page.getByRole('button', { name: 'Save scope' }).click();
  await expect
    .poll(async () => (await stage.call('GET', `/agents/${id}`)).json.services.length)
    .toBe(2);
  await page.reload();
  await page.getByRole('heading', { name: 'chief clerk' }).waitFor();
  expect(await page.getByLabel('Key expiry').inputValue()).toBe('2031-02-03T04:05');
  await stage.expectFine('agent');
});

test('a key cannot expire in the past', async () => {
  const { page } = stage;
  const { id } = await stage.agent('historian', [service]);
  await stage.open(`/agents/${id}`);
  await page.getByLabel('Key expiry').fill('2001-02-03T04:05');
  await page.getByRole('button', { name: 'Save settings' }).click();
  await page.getByText('The expiry must be in the future.').waitFor();
  expect((await stage.call('GET', `/agents/${id}`)).json.expiresAt).toBeNull();
  await page.getByLabel('Key expiry').fill('');
  expect(await page.getByText('The expiry must be in the future.').count()).toBe(0);
  await page.getByRole('button', { name: 'Save settings' }).click();
  await page.getByText('Saved', { exact: true }).waitFor();
});

test('an agent’s page says how to connect it, with the service that is chosen', async () => {
  const { page } = stage;
  const all = (await stage.call('GET', '/services')).json.map(({ id }: { id: number }) => id);
  const { id } = await stage.agent('connector', all);
  await stage.open(`/agents/${id}`);
  const code = page.getByRole('tabpanel').locator('pre');
  await page.getByRole('tab', { name: 'Command line' }).click();
  await code.getByText('--service things').waitFor();
  await page.getByLabel('Service', { exact: true }).selectOption({ index: 1 });
  await code.getByText('--service ‘other').or(code.getByText("--service 'other")).waitFor();
  await page.getByRole('tab', { name: 'Skill' }).click();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Download' }).click(),
  ]);
  const names = execFileSync('tar', ['-tzf', await download.path()]).toString();
  expect(names).toContain('gaiterguard-gateway/SKILL.md\n');
  await stage.expectFine('agent-connect');
});

test('a rotated key stops working immediately, and the new one is shown once', async () => {
  const { page } = stage;
  const { id, key } = await stage.agent('turner', [service]);
  await stage.open(`/agents/${id}`);
  await page.getByRole('button', { name: 'Rotate key…' }).click();
  await page.getByText('The current key stops working immediately').waitFor();
  expect((await ask(key)).status).toBe(200);
  await page.getByRole('button', { name: 'Rotate key', exact: true }).click();
  const shown = page.getByTestId('agent-key');
  const next = (await shown.textContent()) ?? '';
  expect((await ask(key)).status).toBe(401);
  expect((await ask(next)).status).toBe(200);
  await page.getByLabel('I have stored the key').check();
  await page.getByRole('button', { name: 'Done' }).click();
  await page.getByText(next.slice(0, 12)).waitFor();
});

test('an agent is blocked, unblocked, and deleted by keyboard', async () => {
  const { page } = stage;
  const { id, key } = await stage.agent('runner', [service]);
  await stage.open(`/agents/${id}`);
  await page.getByRole('button', { name: 'Block…' }).focus();
  await page.keyboard.press('Enter');
  await page.getByText('Pending and approved requests are revoked').waitFor();
  await page.getByRole('button', { name: 'Block', exact: true }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Unblock' }).waitFor();
  const enabled = page.getByLabel('Agent enabled');
  expect(await enabled.isChecked()).toBe(false);
  expect(await enabled.isDisabled()).toBe(true);
  expect(await ask(key)).toMatchObject({ status: 403, json: { code: 'agent_blocked' } });
  await page.getByRole('button', { name: 'Unblock' }).click();
  await page.getByRole('button', { name: 'Block…' }).waitFor();
  expect(await enabled.isChecked()).toBe(true);
  expect((await ask(key)).status).toBe(200);

  await page.route('**/agents/*', (route) =>
    route.request().method() === 'DELETE' ? route.abort() : route.fallback(),
  );
  await page.getByRole('button', { name: 'Delete…' }).click();
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await page.getByText('the gateway could not be reached').waitFor();
  expect((await ask(key)).status).toBe(200);
  await page.unroute('**/agents/*');
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await page.getByRole('heading', { name: 'Agents' }).waitFor();
  expect((await ask(key)).status).toBe(401);
  expect(await page.getByRole('link', { name: 'runner' }).count()).toBe(0);
});

test('no page had script errors or policy violations', () => {
  expect(stage.trouble).toEqual([]);
});
