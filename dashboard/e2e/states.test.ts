/** The dialogs, forms, and menus that a press opens: their accessibility and their focus. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EVERY_THEME, Stage } from './page';

let stage: Stage;
let service: number;
let agent: { id: number; key: string };
let rule: number;
let channel: number;
let held: string[];

beforeAll(async () => {
  stage = await Stage.start();
  await stage.signIn();
  service = await stage.service('files');
  agent = await stage.agent('assistant', [service]);
  const document = { type: 'markdown', title: 'Guide', content: '# Files\n\nHandle with care.' };
  expect((await stage.call('POST', `/services/${service}/docs`, document)).status).toBe(201);
  const made = await stage.call('POST', '/rules', {
    name: 'Never',
    effect: 'deny',
    enabled: false,
  });
  expect(made.status).toBe(201);
  rule = made.json.id ?? made.json.rule.id;
  const hook = await stage.call('POST', '/channels', {
    kind: 'webhook',
    name: 'On call',
    settings: { url: 'https://hooks.example.com/gaiterguard' },
  });
  expect(hook.status).toBe(201);
  channel = hook.json.channel.id;
  held = [];
  for (const name of ['one', 'two', 'three']) {
    held.push(await stage.hold(agent.key, service, `/reports/${name}.txt`));
  }
});

afterAll(() => stage?.stop());

const focused = () =>
  stage.page.evaluate(() => {
    const element = document.activeElement;
    return {
      text: element?.getAttribute('aria-label') ?? element?.textContent ?? '',
      isInDialog: element?.closest('[role="dialog"], [role="alertdialog"]') != null,
    };
  });

/** More presses of Tab than a dialog has places for the focus. */
const PRESSES = 12;

test.each([
  ['/agents', 'New agent'],
  ['/members', 'Invite person'],
  ['/channels', 'New channel'],
  ['/channels/1', 'Delete channel…'],
  ['/agents/1', 'Rotate key…'],
  ['/agents/1', 'Block…'],
  ['/agents/1', 'Delete…'],
  ['/services/1', 'Delete…'],
  ['/rules/1', 'Delete…'],
  ['/', 'Stop agents'],
  ['/', 'Keyboard shortcuts'],
])('on %s, “%s” opens a dialog that keeps the focus and gives it back', async (path, name) => {
  const { page } = stage;
  const ids: Record<string, number> = {
    agents: agent.id,
    channels: channel,
    services: service,
    rules: rule,
  };
  await stage.open(path.replace(/^\/(\w+)\/1$/, (_, noun: string) => `/${noun}/${ids[noun]}`));
  const button = page.getByRole('button', { name, exact: true }).first();
  await expect.poll(() => button.isEnabled()).toBe(true);
  await button.focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog').or(page.getByRole('alertdialog'));
  await dialog.waitFor();
  await expect.poll(async () => (await focused()).isInDialog).toBe(true);
  for (let at = 0; at < PRESSES; at += 1) {
    await page.keyboard.press('Tab');
    await expect.poll(async () => (await focused()).isInDialog).toBe(true);
  }
  await stage.expectFine(
    `state-${path}-${name}`.replaceAll(/[^\w-]+/g, '-').toLowerCase(),
    EVERY_THEME,
  );
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await expect.poll(async () => (await focused()).text).toContain(name);
});

test('the forms of a decision are accessible', async () => {
  const { page } = stage;
  await stage.open(`/?action=${held[0]}`);
  await page.locator('button[aria-disabled="false"]', { hasText: 'Approve' }).waitFor();
  await page.keyboard.press('d');
  await page.getByLabel('Note to the agent').waitFor();
  await stage.expectFine('state-deny', EVERY_THEME);
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Add note…' }).click();
  await page.getByLabel('Note to the agent').waitFor();
  await stage.expectFine('state-note', EVERY_THEME);
  await page.keyboard.press('Escape');
  await page.locator('button[aria-disabled="false"]', { hasText: 'Approve' }).click();
  await page.getByRole('group', { name: 'Confirm approval' }).waitFor();
  await stage.expectFine('state-confirmation', EVERY_THEME);
});

test('the table of similar requests and its question are accessible', async () => {
  const { page } = stage;
  await stage.open(`/?action=${held[0]}`);
  await page.locator('button[aria-disabled="false"]', { hasText: 'Approve' }).waitFor();
  await page.keyboard.press('g');
  await page.getByRole('table').waitFor();
  const similar = page.getByRole('button', { name: 'Select all 3 similar' });
  await expect.poll(() => similar.isEnabled()).toBe(true);
  await page.keyboard.press('Shift+X');
  await page.keyboard.press('a');
  await page.getByRole('dialog').getByText('Approve 3 requests?').waitFor();
  await expect.poll(async () => (await focused()).isInDialog).toBe(true);
  await stage.expectFine('state-question', EVERY_THEME);
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await stage.expectFine('state-table', EVERY_THEME);
});

test('a search without a result, the menu, and a page that does not exist are accessible', async () => {
  const { page } = stage;
  await stage.open('/?q=nothing');
  await page.getByText('No pending request matches').waitFor();
  await stage.expectFine('state-no-match', EVERY_THEME);
  await page.setViewportSize({ width: 360, height: 740 });
  await stage.open('/rules');
  await page.getByRole('button', { name: 'Open menu' }).click();
  await page.getByRole('link', { name: 'Settings' }).waitFor();
  await stage.expectFine('state-menu', EVERY_THEME);
  await page.setViewportSize({ width: 360, height: 740 });
  await page.getByRole('link', { name: 'Settings' }).focus();
  await page.keyboard.press('Escape');
  await page.getByRole('link', { name: 'Settings' }).waitFor({ state: 'hidden' });
  expect((await focused()).text).toBe('Open menu');
  await stage.open('/nowhere');
  await page.getByRole('heading', { name: 'Page not found' }).waitFor();
  await stage.expectFine('state-not-found', EVERY_THEME);
});

test('an address without a page says so inside the frame, with a heading and a title', async () => {
  const { page } = stage;
  await page.setViewportSize({ width: 1440, height: 900 });
  for (const path of ['/agents/new', '/channels/new', '/services/x', '/rules/x']) {
    await stage.open(path);
    await page.getByRole('heading', { name: 'Page not found', level: 1 }).waitFor();
    await page.getByRole('navigation', { name: 'Pages' }).waitFor();
    await expect.poll(() => page.title()).toContain('Page not found · ');
  }
  await stage.expectFine('state-no-page', EVERY_THEME);
  for (const [path, heading] of [
    ['/agents/999', 'Agent'],
    ['/channels/999', 'Channel'],
    ['/services/999', 'Service'],
    ['/rules/999', 'Rule'],
    ['/history/999', 'Request'],
  ] as const) {
    await stage.open(path);
    await page.getByRole('alert').waitFor();
    await page.getByRole('heading', { name: heading, exact: true, level: 1 }).waitFor();
  }
});

test('the title of a tab names what its page shows', async () => {
  const { page } = stage;
  await page.setViewportSize({ width: 1440, height: 900 });
  for (const [path, title] of [
    [`/agents/${agent.id}`, 'assistant · Agents · GaiterGuard'],
    [`/services/${service}`, 'files · Services · GaiterGuard'],
    ['/services/new', 'New service · Services · GaiterGuard'],
    ['/services', 'Services · GaiterGuard'],
    ['/rules/new', 'New rule · Rules · GaiterGuard'],
    ['/history', 'History · GaiterGuard'],
  ] as const) {
    await stage.open(path);
    await expect.poll(async () => (await page.title()).replace(/^\(\d+\) /, '')).toBe(title);
  }
  // Within the page as well, without a reload.
  await page
    .getByRole('navigation', { name: 'Pages' })
    .getByRole('link', { name: 'Agents' })
    .click();
  await page.getByRole('link', { name: 'assistant' }).click();
  await expect.poll(() => page.title()).toContain('assistant · Agents');
});

test('a page without a connection is accessible', async () => {
  const { page } = stage;
  await stage.open('/');
  await page.getByText('Connected', { exact: true }).waitFor();
  stage.gateway.kill();
  await page.getByText(/^Offline since/).waitFor();
  await stage.expectFine('state-offline', EVERY_THEME);
});

test('no page had script errors or policy violations', () => {
  expect(stage.trouble).toEqual([]);
});
