import { describe, expect, it } from 'vitest';
import type { Action } from '#/client';
import { isSecret, MASK, secretsOf, withoutSecrets } from './secrets';

describe('a value', () => {
  it.each([
    ['passwd', 'Vq7-tulip-2291', true],
    ['access_token', 'abc', true],
    ['token', 'winter', true],
    ['client_secret', 'winter', true],
    ['servicelevel_token', 'parcel_next_day', false],
    ['servicelevel_token', 'x7Kq99ZZ-01', true],
    ['max_tokens', '400', false],
    ['color', 'red', false],
  ])('%s with %s is a secret: %s', (name, value, expected) => {
    expect(isSecret(name, value)).toBe(expected);
  });
});

describe('a secret of a request', () => {
  const body = JSON.stringify({ user: 'ann', passwd: 'tulip "9" harbor' });
  const action = {
    request_body: body,
    decompressed_body: null,
    body_encoding: 'utf8',
    request_headers: {},
    summary: { facts: [] },
  } as unknown as Action;

  it('is hidden in its body and in any other text', () => {
    const secrets = secretsOf(action);
    expect(secrets).toEqual(['tulip "9" harbor']);
    expect(withoutSecrets(body, secrets)).toBe(`{"user":"ann","passwd":"${MASK}"}`);
    expect(withoutSecrets('q=tulip+%229%22+harbor', secrets)).toBe(`q=${MASK}`);
  });
});
