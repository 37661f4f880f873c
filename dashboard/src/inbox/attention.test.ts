import { expect, it } from 'vitest';
import type { Action } from '#/client';
import { isLapsing } from './attention';

const at = '2030-01-01T00:00:00Z';
const expires_at = '2030-01-01T01:00:00Z';
const minute = (minutes: number) => Date.parse(at) + minutes * 60_000;
const approved = {
  status: 'APPROVED',
  approval: { at, by: 1, note: null },
  expires_at,
} as unknown as Action;

it('an approval lapses in the last quarter of its time, until it has expired', () => {
  expect(isLapsing(approved, minute(44))).toBe(false);
  expect(isLapsing(approved, minute(46))).toBe(true);
  expect(isLapsing(approved, minute(61))).toBe(false);
});

it('nothing lapses that was executed, or that does not expire', () => {
  expect(isLapsing({ ...approved, status: 'EXECUTED' }, minute(46))).toBe(false);
  expect(isLapsing({ ...approved, expires_at: null }, minute(46))).toBe(false);
});
