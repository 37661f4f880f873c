/** A rule that requires a passkey: the card asks for it, in a real browser with an authenticator. */
import type { CDPSession, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { authenticator } from './authenticator';
import { ACCOUNT } from './gateway';
import { approve, Stage } from './page';

let stage: Stage;
let url: string;
let service: number;
let key: string;
let device: CDPSession;
let authenticatorId: string;

beforeAll(async () => {
  stage = await Stage.start({ PUBLIC_URL: 'http://localhost:{PORT}' });
  // Browsers bind passkeys to a host name, so the dashboard is opened under one.
  url = stage.gateway.url.replace('127.0.0.1', 'localhost');
  await stage.signInByForm(stage.page, url);
  service = await stage.service('things');
  ({ key } = await stage.agent('assistant', [service]));
  const added = await authenticator(stage.page);
  device = added.session;
  authenticatorId = added.authenticatorId;
});

afterAll(() => stage?.stop());

const hold = (path: string) => stage.hold(key, service, path);
const shown = async (action: string) => (await stage.call('GET', `/approvals/${action}`)).json;
const article = (page: Page) => page.getByRole('article', { name: 'Selected request' });

async function openAction(page: Page, action: string) {
  await page.goto(`${url}/app/?action=${action}`);
  await article(page).getByText('Approving asks for your passkey.').waitFor();
}

test('a rule is saved that requires a passkey', async () => {
  const { page } = stage;
  await page.goto(`${url}/app/rules/new`);
  await page.getByLabel('Name').fill('Deletions');
  await page.getByLabel('With a passkey').check();
  // The rule can be saved anyway.
  await page.getByText(/^nobody who may approve has a passkey/i).waitFor();
  await stage.expectFine('step-up-rule');
  await page.getByRole('button', { name: 'Save rule' }).click();
  const rules = async () => (await stage.call('GET', '/rules')).json.items;
  await expect.poll(async () => (await rules())[0]?.stepUp).toBe('passkey');
  expect((await rules())[0].approvals).toBe(null);
  expect((await rules())[0].warnings).toMatchObject([{ field: 'stepUp' }]);
  await page.goto(`${url}/app/rules`);
  await page.getByText('with a passkey · ').waitFor();
  await page.getByText(/^nobody who may approve has a passkey/i).waitFor();
});

test('without a passkey nothing is approved, and the person learns why', async () => {
  const { page } = stage;
  const action = await hold('/first');
  await openAction(page, action);
  await stage.expectFine('step-up');
  await approve(page);
  await page.getByText(/you have no passkey; add one/i).waitFor();
  expect((await shown(action)).status).toBe('PENDING');
});

test('the card asks for the passkey, and the proof is kept', async () => {
  const { page } = stage;
  await device.send('WebAuthn.clearCredentials', { authenticatorId });
  await page.goto(`${url}/app/settings`);
  await page.getByRole('button', { name: 'Add a passkey…' }).click();
  await page.getByLabel('Name', { exact: true }).fill('My phone');
  await page.getByLabel('Password', { exact: true }).fill(ACCOUNT.password);
  await page.getByRole('button', { name: 'Add passkey' }).click();
  await page.getByRole('list', { name: 'Passkeys' }).getByText('My phone').waitFor();
  expect((await stage.call('GET', '/rules')).json.items[0].warnings).toEqual([]);
  const count = async () => {
    const { credentials } = await device.send('WebAuthn.getCredentials', { authenticatorId });
    return credentials[0]?.signCount ?? 0;
  };
  const before = await count();
  const action = await hold('/second');
  await openAction(page, action);
  await approve(page);
  await expect.poll(async () => (await shown(action)).status).toBe('APPROVED');
  expect(await count()).toBeGreaterThan(before);
  expect((await shown(action)).approvals.by[0]).toMatchObject({ stepped_up: true });
});

test('a passkey that is not used approves nothing', async () => {
  const { page } = stage;
  const action = await hold('/third');
  await openAction(page, action);
  await device.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false });
  await approve(page);
  await page.getByText('The passkey was not used: canceled, or too late.').waitFor();
  expect((await shown(action)).status).toBe('PENDING');
  await device.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: true });
  await approve(page);
  await expect.poll(async () => (await shown(action)).status).toBe('APPROVED');
});
