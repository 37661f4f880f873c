import { expect, it } from 'vitest';
import type { AuditEntry } from '#/client';
import { rowsOf } from './rows';

it('consecutive renewals of sessions by one actor are one row', () => {
  const entries = [
    ['session.refreshed', 'user:1'],
    ['session.refreshed', 'user:1'],
    ['session.refreshed', 'user:2'],
    ['rule.created', 'user:1'],
    ['rule.created', 'user:1'],
    ['session.refreshed', 'user:1'],
  ].map(([event, actor], id) => ({ id, event, actor }) as AuditEntry);
  expect(rowsOf(entries).map((row) => row.map(({ id }) => id))).toEqual([
    [0, 1],
    [2],
    [3],
    [4],
    [5],
  ]);
});
