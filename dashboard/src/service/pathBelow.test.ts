import { expect, test } from 'vitest';
import { pathBelow } from './pathBelow';

test('a path below the base URL may be written with or without what comes before it', () => {
  for (const base of ['https://api.example', 'https://api.example/v2/']) {
    const whole = `${base.replace(/\/$/, '')}/v1/balance?x=1`;
    for (const typed of [
      '/v1/balance?x=1',
      'v1/balance?x=1',
      '//v1/balance?x=1',
      ` ${whole} `,
      whole,
    ]) {
      expect(pathBelow(typed, base), typed).toBe('/v1/balance?x=1');
    }
  }
  expect(pathBelow('https://api.example', 'https://api.example')).toBe('/');
  expect(pathBelow('', undefined)).toBe('/');
  // Only this service has the credential.
  for (const other of ['https://api.example.evil/v1', 'http://api.example/v1']) {
    expect(pathBelow(other, 'https://api.example')).toBe(other);
  }
});
