import { expect, test } from 'vitest';
import { decode, encode, passkeyFailure } from './passkey';

test('bytes survive base64url', () => {
  for (let length = 0; length < 70; length += 1) {
    const bytes = Uint8Array.from({ length }, (_, at) => (at * 37 + 250) % 256);
    const text = encode(bytes.buffer);
    expect(text).toMatch(/^[\w-]*$/);
    expect(decode(text)).toEqual(bytes);
  }
});

test('the browser’s refusals are sentences', () => {
  expect(passkeyFailure(new DOMException('', 'NotAllowedError'))).toMatch(/canceled/);
  expect(passkeyFailure(new DOMException('', 'InvalidStateError'))).toMatch(/already/);
  expect(passkeyFailure(new DOMException('', 'SecurityError'))).toMatch(/SecurityError/);
  expect(passkeyFailure(new Error('other'))).toBe(null);
});
