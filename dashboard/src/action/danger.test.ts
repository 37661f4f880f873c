import { expect, test } from 'vitest';
import type { Signal } from '#/client';
import { dangerOf, dangersOf } from './danger';

const signal = (code: string): Signal => ({ code, weight: 0, evidence: '', sentence: code });

test('the dangers are those that the gateway names, in its order', () => {
  const signals = ['deletes', 'danger_access', 'dangerous', 'danger'].map(signal);
  expect(dangersOf({ signals }).map(({ code }) => code)).toEqual(['danger_access', 'danger']);
  expect(dangerOf({ signals })?.code).toBe('danger_access');
  expect(dangerOf({ signals: [signal('pays')] })).toBeNull();
});
