// A certified OpenID Connect provider (npm `oidc-provider`), and a browser in which its user is signed in. Prints its
// port. `POST /control` changes it; `POST /visit` opens a URL in the browser and returns where it ends.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { decodeJwt, exportJWK, generateKeyPair, SignJWT } from 'jose';
import Provider from 'oidc-provider';

const settings = { redirectUri: '', account: 'ann', claims: {}, inIdToken: false, tamper: null, rotate: false };
let provider;
let key;

const issuer = () => `http://127.0.0.1:${server.address().port}`;

async function rebuild() {
  if (!key || settings.rotate) {
    const { privateKey } = await generateKeyPair('ES256', { extractable: true });
    key = { privateKey, kid: randomUUID() };
    settings.rotate = false;
  }
  const jwk = { ...(await exportJWK(key.privateKey)), kid: key.kid, use: 'sig', alg: 'ES256' };
  provider = new Provider(issuer(), {
    jwks: { keys: [jwk] },
    clients: [
      {
        client_id: 'gateway',
        client_secret: 'the-secret-of-the-client',
        redirect_uris: [settings.redirectUri],
        id_token_signed_response_alg: 'ES256',
      },
    ],
    cookies: { keys: ['the-key-of-the-cookies'] },
    pkce: { methods: ['S256'], required: () => true },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'groups'] },
    conformIdTokenClaims: !settings.inIdToken,
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    findAccount: (_context, id) => ({
      accountId: id,
      claims: () => ({ sub: id, ...settings.claims }),
    }),
  });
}

/** Signs the user in without asking. */
async function interact(request, response) {
  const { params } = await provider.interactionDetails(request, response);
  const grant = new provider.Grant({ accountId: settings.account, clientId: params.client_id });
  grant.addOIDCScope('openid email profile');
  const result = { login: { accountId: settings.account }, consent: { grantId: await grant.save() } };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

/** Signs the ID token of a response again, with other claims. */
function tamperWith(response) {
  const end = response.end.bind(response);
  response.end = async (body) => {
    const tokens = JSON.parse(body);
    if (tokens.id_token) {
      const claims = { ...decodeJwt(tokens.id_token), ...settings.tamper };
      for (const [name, value] of Object.entries(claims)) if (value === null) delete claims[name];
      const token = new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: key.kid });
      tokens.id_token = await token.sign(key.privateKey);
    }
    response.removeHeader('content-length');
    end(JSON.stringify(tokens));
  };
}

/** Follows redirects, with cookies, until they leave the provider. */
async function visit(url) {
  const cookies = new Map();
  let place = url;
  while (place.startsWith(issuer())) {
    const cookie = [...cookies].map((pair) => pair.join('=')).join('; ');
    const response = await fetch(place, { redirect: 'manual', headers: { cookie } });
    for (const set of response.headers.getSetCookie()) {
      const [name, value] = set.split(';')[0].split('=');
      cookies.set(name, value);
    }
    const location = response.headers.get('location');
    if (location === null) throw new Error(`${place}: ${response.status} ${await response.text()}`);
    place = new URL(location, place).href;
  }
  return place;
}

async function read(request) {
  let body = '';
  for await (const part of request) body += part;
  return JSON.parse(body);
}

const server = createServer(async (request, response) => {
  try {
    if (request.url === '/control') {
      Object.assign(settings, await read(request));
      await rebuild();
      response.end('{}');
    } else if (request.url === '/visit') {
      response.end(JSON.stringify({ location: await visit((await read(request)).url) }));
    } else if (request.url.startsWith('/interaction/')) {
      await interact(request, response);
    } else {
      if (request.url === '/token' && settings.tamper) tamperWith(response);
      await provider.callback()(request, response);
    }
  } catch (error) {
    console.error(error);
    response.statusCode = 500;
    response.end(String(error));
  }
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
