import { expect, it } from 'vitest';
import type { Action } from '#/client';
import { lapsing } from './lapsing';

const now = Date.parse('2030-01-01T00:00:00Z');
const time = (minutes: number) => new Date(now + minutes * 60_000).toISOString();

/** An approval made some minutes ago that expires in some minutes. */
const approved = (action_id: string, ago: number, left: number | null, status = 'APPROVED') =>
  ({
    action_id,
    status,
    approval: { at: time(-ago), by: 1, note: null },
    expires_at: left === null ? null : time(left),
  }) as unknown as Action;

const ids = (actions: Action[]) => actions.map(({ action_id }) => action_id);

it('the approvals with the smallest share of their time left are about to expire', () => {
  const long = approved('long', 900, 100);
  const short = approved('short', 10, 10);
  const late = approved('late', 50, 5);
  expect(ids(lapsing([long, short, late], 2, now))).toEqual(['late', 'long']);
});

it('an approval that is used, expired, or without an expiry is not among them', () => {
  const used = approved('used', 50, 5, 'EXECUTED');
  const expired = approved('expired', 50, -1);
  const endless = approved('endless', 50, null);
  expect(lapsing([used, expired, endless], 3, now)).toEqual([]);
});
