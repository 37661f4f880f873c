/** Passkeys of an authenticator in Chromium (its virtual authenticator). */
import type { CDPSession, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { authenticator } from './authenticator';
import { ACCOUNT } from './gateway';
import { Stage } from './page';

let stage: Stage;
let url: string;
let device: CDPSession;
let authenticatorId: string;

/** Moves the passkeys of the signed-in browser's device to another browser. */
async function withPasskeys(
  page: Page,
  change: (passkey: Passkey) => void = () => {},
  isUserVerified = true,
) {
  const { credentials } = await device.send('WebAuthn.getCredentials', { authenticatorId });
  const other = await authenticator(page, isUserVerified);
  for (const credential of credentials) {
    change(credential);
    await other.session.send('WebAuthn.addCredential', {
      authenticatorId: other.authenticatorId,
      credential,
    });
  }
  return other;
}

interface Passkey {
  rpId?: string;
  signCount: number;
  privateKey: string;
}

beforeAll(async () => {
  stage = await Stage.start({ PUBLIC_URL: 'http://localhost:{PORT}' });
  url = stage.gateway.url.replace('127.0.0.1', 'localhost');
  await stage.signInByForm(stage.page, url);
  const added = await authenticator(stage.page);
  device = added.session;
  authenticatorId = added.authenticatorId;
});

afterAll(async () => {
  await stage?.stop();
});

/** Signs in with the passkey of a browser. */
async function signIn(page: Page) {
  await page.goto(`${url}/app/sign-in`);
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
}

test('a passkey is added with the password', async () => {
  const { page } = stage;
  await device.send('WebAuthn.clearCredentials', { authenticatorId });
  await page.goto(`${url}/app/settings`);
  await page.getByRole('button', { name: 'Add a passkey…' }).click();
  await page.getByLabel('Name', { exact: true }).fill('My phone');
  await stage.expectFine('add-passkey');
  await page.getByLabel('Password', { exact: true }).fill('a wrong password');
  await page.getByRole('button', { name: 'Add passkey' }).click();
  await page.getByText('must be the current password').waitFor();
  await page.getByLabel('Password', { exact: true }).fill(ACCOUNT.password);
  await page.getByRole('button', { name: 'Add passkey' }).click();
  const list = page.getByRole('list', { name: 'Passkeys' });
  await list.getByText('My phone').waitFor();
  await list.getByText('Never used.').waitFor();
  const { credentials } = await device.send('WebAuthn.getCredentials', { authenticatorId });
  expect(credentials).toHaveLength(1);
  expect(credentials[0]).toMatchObject({ rpId: 'localhost', isResidentCredential: true });
});

test('the same device cannot be added twice', async () => {
  const { page } = stage;
  await page.getByRole('button', { name: 'Add a passkey…' }).click();
  await page.getByLabel('Password', { exact: true }).fill(ACCOUNT.password);
  await page.getByRole('button', { name: 'Add passkey' }).click();
  await page.getByText('This device has a passkey for the account already.').waitFor();
  await page.getByRole('button', { name: 'Cancel' }).click();
});

test('the passkey signs in without email address and password', async () => {
  const page = await stage.another();
  const other = await withPasskeys(page);
  await signIn(page);
  await page.getByRole('heading', { name: 'Queue' }).waitFor();
  await page.goto(`${url}/app/settings`);
  await page.getByText(ACCOUNT.email).waitFor();
  await page
    .getByText(/Last used/)
    .first()
    .waitFor();

  // A copy of the passkey with an old count of signatures is refused.
  const [{ signCount } = { signCount: 0 }] = (
    await other.session.send('WebAuthn.getCredentials', {
      authenticatorId: other.authenticatorId,
    })
  ).credentials;
  expect(signCount).toBeGreaterThan(1);
  const copy = await stage.another();
  await withPasskeys(copy, (passkey) => {
    passkey.signCount = 0;
  });
  await signIn(copy);
  await copy.getByText(/the passkey may have been copied/).waitFor();
});

test('a passkey of another site or without a fingerprint does not sign in', async () => {
  const foreign = await stage.another();
  await withPasskeys(foreign, (passkey) => {
    passkey.rpId = 'evil.localhost';
  });
  await signIn(foreign);
  await foreign.getByText('The passkey was not used: canceled, or too late.').waitFor();

  const unverified = await stage.another();
  await withPasskeys(
    unverified,
    (passkey) => {
      passkey.signCount = 100;
    },
    false,
  );
  await signIn(unverified);
  await unverified.getByText('The passkey was not used: canceled, or too late.').waitFor();
});

test('a response that another site obtained, or that was sent before, is refused', async () => {
  const page = await stage.another();
  await withPasskeys(page, (passkey) => {
    passkey.signCount = 1_000;
  });
  await page.goto(`${url}/app/sign-in`);
  const call = (path: string, body: unknown) =>
    stage.gateway.call('POST', `/auth/passkeys/sign-in${path}`, body);
  const use = async (changed: { origin?: string } = {}) => {
    const { json: options } = await call('/options', {});
    // biome-ignore lint/suspicious/noExplicitAny: what the page returns
    const used: any = await page.evaluate(async ({ challenge, rpId }) => {
      const bytes = (text: string) =>
        Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) =>
          c.charCodeAt(0),
        );
      const publicKey = {
        challenge: bytes(challenge),
        rpId,
        userVerification: 'required' as const,
      };
      // biome-ignore lint/suspicious/noExplicitAny: newer than the types
      const found = (await navigator.credentials.get({ publicKey })) as any;
      return found.toJSON();
    }, options);
    let { clientDataJSON } = used.response;
    if (changed.origin) {
      const data = JSON.parse(Buffer.from(clientDataJSON, 'base64url').toString());
      clientDataJSON = Buffer.from(JSON.stringify({ ...data, ...changed })).toString('base64url');
    }
    const { authenticatorData, signature } = used.response;
    return { credentialId: used.rawId, clientDataJSON, authenticatorData, signature };
  };
  const elsewhere = await call('', await use({ origin: 'https://evil.example' }));
  expect([elsewhere.status, elsewhere.json.code]).toEqual([401, 'passkey_refused']);
  const used = await use();
  for (const part of ['authenticatorData', 'signature', 'credentialId'] as const) {
    const bytes = Buffer.from(used[part], 'base64url');
    bytes.writeUInt8(bytes.readUInt8(10) ^ 1, 10);
    const refused = await call('', { ...used, [part]: bytes.toString('base64url') });
    expect([refused.status, refused.json.code], part).toEqual([401, 'passkey_refused']);
  }
  const right = await call('', used);
  expect(right.status).toBe(200);
  expect(right.json.user.email).toBe(ACCOUNT.email);
  const again = await call('', used);
  expect([again.status, again.json.code]).toEqual([401, 'passkey_refused']);
});

test('a removed passkey does not sign in', async () => {
  const { page } = stage;
  await page.goto(`${url}/app/settings`);
  const list = page.getByRole('list', { name: 'Passkeys' });
  await list.getByRole('button', { name: 'Remove…' }).click();
  await page.getByRole('button', { name: 'Remove passkey' }).click();
  await list.waitFor({ state: 'detached' });
  const other = await stage.another();
  await withPasskeys(other, (passkey) => {
    passkey.signCount = 5_000;
  });
  await signIn(other);
  await other.getByText('No account here has this passkey').waitFor();
  expect(stage.trouble).toEqual([]);
});
