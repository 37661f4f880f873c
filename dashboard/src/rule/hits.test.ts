import { expect, it } from 'vitest';
import { periodOf } from './Hits';

it('the period of a count does not begin before its rule', () => {
  const now = Date.parse('2026-11-30T12:00:00Z');
  const since = '2026-10-31T00:00:00Z';
  expect(periodOf(since, '2026-01-01T00:00:00Z', now)).toBe('in 31 days');
  expect(periodOf(since, '2026-11-30T11:00:00Z', now)).toBe('since it was created');
});
