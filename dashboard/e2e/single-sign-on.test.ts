/** Signing in at a certified OpenID Connect provider, which runs in this process. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Stage } from './page';

const CLIENT = { client_id: 'gateway', client_secret: 'the-secret-of-the-client' };

let stage: Stage;
let provider: Server;
/** The groups of the people at the provider. */
const groups: Record<string, string[]> = { ann: ['sec'], bob: [] };

beforeAll(async () => {
  provider = createServer();
  await new Promise<void>((ready) => provider.listen(0, '127.0.0.1', ready));
  // Its name is another site than the gateway's address, so cookies are sent as they are in production.
  const issuer = `http://localhost:${(provider.address() as AddressInfo).port}`;
  stage = await Stage.start({
    UPSTREAM_HOSTS: 'localhost=127.0.0.1',
    OIDC_ISSUER: issuer,
    OIDC_CLIENT_ID: CLIENT.client_id,
    OIDC_CLIENT_SECRET: CLIENT.client_secret,
    OIDC_NAME: 'Example ID',
    OIDC_ROLE_CLAIM: 'groups',
    OIDC_ROLE_MAP: 'sec:approver',
  });
  const oidc = new Provider(issuer, {
    clients: [{ ...CLIENT, redirect_uris: [`${stage.gateway.url}/app/signed-in`] }],
    cookies: { keys: ['the-key-of-the-cookies'] },
    pkce: { methods: ['S256'], required: () => true },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['groups'] },
    findAccount: (_context, id) => ({
      accountId: id,
      claims: () => ({
        sub: id,
        email: `${id}@example.com`,
        email_verified: true,
        groups: groups[id] ?? [],
      }),
    }),
  });
  provider.on('request', oidc.callback());
  await stage.signIn();
});

afterAll(async () => {
  await stage?.stop();
  provider?.close();
  provider?.closeAllConnections();
});

/** Opens the sign-in page in a browser of its own and goes to the provider. */
async function begin(): Promise<Page> {
  const page = await stage.another();
  // The provider's pages ask for a font from another server.
  await page.context().route('https://fonts.googleapis.com/**', (route) => route.abort());
  await page.goto(`${stage.gateway.url}/app/sign-in`);
  await page.getByRole('button', { name: 'Sign in with Example ID' }).click();
  return page;
}

async function signInAtProvider(page: Page, name: string): Promise<void> {
  await page.getByPlaceholder('Enter any login').fill(name);
  await page.getByPlaceholder('and password').fill('any');
  await page.getByRole('button', { name: 'Sign-in' }).click();
  await page.getByRole('button', { name: 'Continue' }).click();
}

test('a person with a role signs in and stays signed in', async () => {
  const page = await begin();
  await signInAtProvider(page, 'ann');
  await page.getByRole('heading', { name: 'Queue' }).waitFor();
  await page.reload();
  await page.getByRole('heading', { name: 'Queue' }).waitFor();
  await page.goto(`${stage.gateway.url}/app/settings`);
  await page.getByText('ann@example.com').first().waitFor();
  await page.context().close();
});

test('a person without a role sees the reason', async () => {
  const page = await begin();
  await signInAtProvider(page, 'bob');
  await page.getByText(/You have no role here/).waitFor();
  expect(new URL(page.url()).search).toBe('');
  await page.getByRole('link', { name: 'Back to sign-in' }).click();
  await page.getByLabel('Email').waitFor();
  await page.context().close();
});

test('a person who cancels at the provider can try again', async () => {
  const page = await begin();
  await page.getByRole('link', { name: 'Cancel' }).click();
  await page.getByText(/The provider did not sign you in \(access_denied\)/).waitFor();
  await page.getByRole('link', { name: 'Back to sign-in' }).click();
  await page.getByRole('button', { name: 'Sign in with Example ID' }).waitFor();
  await page.context().close();
});

test('an owner connects the account, and then signs in at the provider', async () => {
  const { page } = stage;
  await page.context().route('https://fonts.googleapis.com/**', (route) => route.abort());
  await stage.open('/settings');
  await page.getByRole('button', { name: 'Connect to single sign-on…' }).click();
  await signInAtProvider(page, 'olivia');
  await page.getByRole('heading', { name: 'Settings' }).waitFor();

  const other = await begin();
  await signInAtProvider(other, 'olivia');
  await other.getByRole('heading', { name: 'Queue' }).waitFor();
  await other.goto(`${stage.gateway.url}/app/settings`);
  await other.getByText('you@example.com').first().waitFor();
  expect(stage.trouble).toEqual([]);
});

test('the page of the provider’s response explains itself', async () => {
  const { page } = stage;
  await stage.open('/signed-in');
  await page.getByText('A provider sends you to this page when you sign in.').waitFor();
  await stage.expectFine('signed-in');
});
