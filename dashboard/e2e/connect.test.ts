/** Services that an operator connects at a certified OAuth provider, which runs in this process. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider, { type ClientMetadata } from 'oidc-provider';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ACCOUNT } from './gateway';
import { Stage } from './page';

/** The client that the operator has registered by hand. */
const CLIENT = { client_id: 'gateway', client_secret: 'the-secret-of-the-client' };
/** The client with which an API asks the provider about a token. */
const API = { client_id: 'api', client_secret: 'the-secret-of-the-api' };
/** A user with another workspace. */
const OTHER = { email: 'other@example.com', password: ACCOUNT.password };
const HOUR_SECONDS = 3600;

/** The provider's description of a token (RFC 7662). */
interface Introspection {
  active: boolean;
  client_id?: string;
  sub?: string;
  scope?: string;
  aud?: string;
}

/** The provider. It requires PKCE, replaces each refresh token that is used, and registers clients. */
class AuthorizationServer {
  /** The form of each request for a token that succeeded. */
  readonly granted: Array<Record<string, unknown>> = [];
  /** The clients that registered themselves. */
  readonly registered: ClientMetadata[] = [];
  /** How long the next access tokens last. */
  accessSeconds = HOUR_SECONDS;

  private constructor(private readonly server: Server) {}

  /** Listens. It responds once the redirect URI of its client is known. */
  static async listen(): Promise<AuthorizationServer> {
    const server = createServer();
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    return new AuthorizationServer(server);
  }

  private get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Its name is another site than the gateway's address, so cookies are sent as they are in production. */
  get url(): string {
    return `http://localhost:${this.port}`;
  }

  start(redirectUri: string): void {
    const provider = new Provider(this.url, {
      clients: [
        {
          ...CLIENT,
          redirect_uris: [redirectUri],
          grant_types: ['authorization_code', 'refresh_token'],
        },
        { ...API, redirect_uris: [], response_types: [], grant_types: [] },
      ],
      cookies: { keys: ['the-key-of-the-cookies'] },
      scopes: ['openid', 'offline_access', 'mail.read'],
      pkce: { methods: ['S256'], required: () => true },
      issueRefreshToken: (_context, client) => client.grantTypeAllowed('refresh_token'),
      rotateRefreshToken: true,
      ttl: {
        AccessToken: () => this.accessSeconds,
        Grant: HOUR_SECONDS,
        IdToken: HOUR_SECONDS,
        Interaction: HOUR_SECONDS,
        RefreshToken: HOUR_SECONDS,
        Session: HOUR_SECONDS,
      },
      findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
      features: {
        devInteractions: { enabled: true },
        registration: { enabled: true },
        introspection: { enabled: true, allowedPolicy: () => true },
        resourceIndicators: {
          enabled: true,
          getResourceServerInfo: (_context, resource) => ({
            scope: 'mail.read',
            audience: resource,
            accessTokenFormat: 'opaque',
          }),
        },
      },
    });
    provider.on('grant.success', ({ oidc }) => this.granted.push({ ...oidc.params }));
    provider.on('registration_create.success', (_context, client) =>
      this.registered.push(client.metadata()),
    );
    this.server.on('request', provider.callback());
  }

  /** Returns its description of a token. */
  async introspect(token: string): Promise<Introspection> {
    const pair = btoa(`${API.client_id}:${API.client_secret}`);
    const response = await fetch(`http://127.0.0.1:${this.port}/token/introspection`, {
      method: 'POST',
      headers: { Authorization: `Basic ${pair}` },
      body: new URLSearchParams({ token }),
    });
    expect(response.status).toBe(200);
    return (await response.json()) as Introspection;
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

let stage: Stage;
let provider: AuthorizationServer;

beforeAll(async () => {
  provider = await AuthorizationServer.listen();
  stage = await Stage.start({
    REGISTRATION: 'open',
    UPSTREAM_PRIVATE_ALLOW: '127.0.0.1/32',
    UPSTREAM_HOSTS: 'localhost=127.0.0.1',
  });
  provider.start(`${stage.gateway.url}/app/connected`);
  await stage.signIn();
  // The provider's pages ask for a font from another server.
  await stage.page.context().route('https://fonts.googleapis.com/**', (route) => route.abort());
});

// Nobody is signed in at the provider.
beforeEach(() => stage.page.context().clearCookies({ domain: 'localhost' }));

afterAll(async () => {
  await stage?.stop();
  provider?.stop();
});

/** Adds a service without a credential, whose API is at this path. */
async function service(name: string, path = ''): Promise<number> {
  const baseUrl = `http://127.0.0.1:${stage.upstream.port}${path}`;
  const made = await stage.call('POST', '/services', { name, baseUrl, authType: 'oauth2' });
  expect(made.status).toBe(201);
  return made.json.id;
}

/** Returns the fields of a service's credential. */
async function stored(id: number): Promise<string[]> {
  return (await stage.call('GET', `/services/${id}`)).json.credentials.keys;
}

/** Presses "Connect" on a service's page, with these fields by their labels. */
async function connect(id: number, fields: Record<string, string>): Promise<void> {
  const { page } = stage;
  await stage.open(`/services/${id}`);
  const form = page.locator('form').filter({ hasText: 'Connect in the browser' });
  await form.getByText('Provider', { exact: true }).click();
  for (const [label, value] of Object.entries(fields)) await form.getByLabel(label).fill(value);
  await form.getByRole('button', { name: 'Connect' }).click();
}

/** Presses "Connect" with the client that was registered by hand. */
function connectClient(id: number, scope: string): Promise<void> {
  return connect(id, {
    'Metadata server URL': provider.url,
    'Client ID': CLIENT.client_id,
    'Client secret': CLIENT.client_secret,
    Scope: scope,
  });
}

async function signInAtProvider(): Promise<void> {
  const { page } = stage;
  await page.getByPlaceholder('Enter any login').fill('ann');
  await page.getByPlaceholder('and password').fill('any');
  await page.getByRole('button', { name: 'Sign-in' }).click();
}

async function consent(): Promise<void> {
  await stage.page.getByRole('button', { name: 'Continue' }).click();
}

/** Sends a request as an agent and returns the token that arrived at the service. */
async function usedToken(key: string, id: number): Promise<string> {
  const response = await stage.ask(key, { service_id: id, method: 'GET', path: '/inbox' });
  expect(response).toMatchObject({ status: 200 });
  const [scheme, token = ''] = stage.upstream.authorized.at(-1)?.split(' ') ?? [];
  expect(scheme).toBe('Bearer');
  return token;
}

test('an operator connects a service without pasting a token, and agents use the provider’s', async () => {
  const { page } = stage;
  const id = await service('mail');
  await connectClient(id, 'openid mail.read');
  await signInAtProvider();
  await page.getByRole('listitem').filter({ hasText: 'mail.read' }).first().waitFor();
  await consent();
  await page.getByText('mail is connected. The gateway renews its access token.').waitFor();
  expect(page.url()).toBe(`${stage.gateway.url}/app/connected`);
  await stage.expectFine('connected');
  await page.getByRole('link', { name: 'Open the service' }).click();
  await page.getByText('refresh_token').first().waitFor();

  const { key } = await stage.agent('mailer', [id]);
  const token = await usedToken(key, id);
  expect(await provider.introspect(token)).toMatchObject({
    active: true,
    client_id: CLIENT.client_id,
    sub: 'ann',
    scope: 'openid mail.read',
  });
  expect((await page.content()).includes(token)).toBe(false);
});

test('a user who cancels at the provider sees that nothing was changed, and nothing is stored', async () => {
  const { page } = stage;
  const id = await service('canceled');
  for (const isSignedIn of [false, true]) {
    await connectClient(id, 'openid mail.read');
    if (isSignedIn) {
      await signInAtProvider();
      await page.getByRole('button', { name: 'Continue' }).waitFor();
    }
    await page.getByRole('link', { name: 'Cancel' }).click();
    const refusal = page.getByText('You canceled, or the provider denied access (access_denied).');
    await refusal.waitFor();
    expect(await refusal.textContent()).toMatch(/The provider says: “.+”\. Nothing was changed\./);
    expect(new URL(page.url()).search).toBe('');
  }
  await stage.expectFine('connect-refused');
  expect(await stored(id)).toEqual([]);
});

test('an operator enters nothing if the service has metadata and the provider registers clients', async () => {
  const { page } = stage;
  provider.registered.length = 0;
  const resource = `http://127.0.0.1:${stage.upstream.port}/mcp`;
  stage.upstream.bodies.set(
    '/.well-known/oauth-protected-resource/mcp',
    JSON.stringify({
      resource,
      authorization_servers: [provider.url],
      scopes_supported: ['mail.read'],
    }),
  );
  const id = await service('tools', '/mcp');
  await connect(id, {});
  await signInAtProvider();
  await consent();
  await page.getByText('tools is connected. The gateway renews its access token.').waitFor();

  expect(provider.registered).toMatchObject([
    { client_name: 'GaiterGuard', token_endpoint_auth_method: 'none' },
  ]);
  const { key } = await stage.agent('toolmaker', [id]);
  expect(await provider.introspect(await usedToken(key, id))).toMatchObject({
    active: true,
    client_id: provider.registered[0]?.client_id,
    aud: resource,
    scope: 'mail.read',
  });
});

test('a provider’s response counts once, and only for the user who began', async () => {
  const { page } = stage;
  const id = await service('once');
  await connectClient(id, 'openid mail.read');
  await signInAtProvider();
  // The response is not used up, because the gateway cannot be reached at this moment.
  await page.route('**/oauth/callback', (route) => route.abort());
  const returning = page.waitForRequest(/\/app\/connected\?/);
  await consent();
  const address = (await returning).url();
  await page.getByText('the gateway could not be reached').waitFor();
  await page.unroute('**/oauth/callback');
  const granted = provider.granted.length;

  await stage.gateway.call('POST', '/auth/register', OTHER);
  const other = await stage.another();
  await other
    .context()
    .request.post(`${stage.gateway.url}/auth/login`, { data: { ...OTHER, session: 'cookie' } });
  await other.goto(address);
  await other.getByText('belongs to no authorization that you began').waitFor();
  expect(await stored(id)).toEqual([]);
  expect(provider.granted).toHaveLength(granted);

  await page.goto(address);
  await page.getByText('once is connected.').waitFor();
  await page.goto(address);
  await page.getByText('belongs to no authorization that you began').waitFor();
  expect(provider.granted).toHaveLength(granted + 1);
  // The provider revokes every token of a code that it receives twice.
  const { key } = await stage.agent('single', [id]);
  expect(await provider.introspect(await usedToken(key, id))).toMatchObject({ active: true });
});

test('a token is renewed with the scope that the provider granted', async () => {
  const { page } = stage;
  const id = await service('renewed');
  provider.accessSeconds = 2;
  // The provider ignores offline_access without prompt=consent (OpenID Connect Core 1.0, section 11).
  await connectClient(id, 'openid mail.read offline_access');
  await signInAtProvider();
  await consent();
  await page.getByText('renewed is connected.').waitFor();
  const { key } = await stage.agent('patient', [id]);
  const first = await usedToken(key, id);

  provider.accessSeconds = HOUR_SECONDS;
  await expect.poll(() => usedToken(key, id), { timeout: 20_000, interval: 250 }).not.toBe(first);
  const renewed = await provider.introspect(await usedToken(key, id));
  expect(renewed).toMatchObject({ active: true, scope: 'openid mail.read' });
  const refreshed = provider.granted.at(-1);
  expect(refreshed).toMatchObject({ grant_type: 'refresh_token' });
  expect(refreshed?.scope).toBeUndefined();
});

test('no page had script errors or policy violations', () => {
  expect(stage.trouble).toEqual([]);
});
