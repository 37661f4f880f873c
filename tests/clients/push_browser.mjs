/**
 * A browser's side of Web Push, with the package that the browsers' specification was tested with: makes the keys of a
 * subscription, and reads what a push service would deliver.
 *
 * The variable INPUT is `{}` for new keys, or `{private, auth, messages: [{authorization, body}]}`; bodies are base64.
 * Prints JSON: the keys, or for each message its text, and the claims and the key of the sender whose signature is valid.
 */
import { createECDH, createPublicKey, randomBytes, verify } from 'node:crypto';
import ece from 'http_ece';

const CURVE = 'prime256v1';
const input = JSON.parse(process.env.INPUT);
const browser = createECDH(CURVE);

if (input.messages === undefined) {
  browser.generateKeys();
  const text = (bytes) => bytes.toString('base64url');
  print({
    private: text(browser.getPrivateKey()),
    p256dh: text(browser.getPublicKey()),
    auth: text(randomBytes(16)),
  });
} else {
  browser.setPrivateKey(Buffer.from(input.private, 'base64url'));
  print(input.messages.map(read));
}

function read({ authorization, body }) {
  const plain = ece.decrypt(Buffer.from(body, 'base64'), {
    version: 'aes128gcm',
    privateKey: browser,
    authSecret: input.auth,
  });
  const [, token, key] = /^vapid t=([^,]+), k=(.+)$/.exec(authorization);
  const [header, claims, signature] = token.split('.');
  const point = Buffer.from(key, 'base64url');
  const part = (from, to) => point.subarray(from, to).toString('base64url');
  const jwk = { kty: 'EC', crv: 'P-256', x: part(1, 33), y: part(33, 65) };
  const isSigned = verify(
    'sha256',
    Buffer.from(`${header}.${claims}`),
    { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'),
  );
  if (!isSigned) throw new Error('the signature of the sender is not valid');
  const json = (text) => JSON.parse(Buffer.from(text, 'base64url').toString());
  return { text: JSON.parse(plain.toString()), header: json(header), claims: json(claims), key };
}

function print(value) {
  console.log(JSON.stringify(value));
}
