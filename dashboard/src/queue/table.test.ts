import { describe, expect, it } from 'vitest';
import type { Action, RequestFact } from '#/client';
import { tableOf } from './table';

const request = (body: unknown, change: Partial<Action> = {}) =>
  ({
    target_url: 'https://api.example/v1/refunds',
    request_headers: { 'content-type': 'application/json' },
    request_body: typeof body === 'string' ? body : JSON.stringify(body),
    body_encoding: 'utf8',
    summary: null,
    approvals: { step_up: null },
    ...change,
  }) as unknown as Action;

describe('a table of requests', () => {
  it('has a column for each value that differs, and says once what is common', () => {
    const table = tableOf([
      request({ amount: 5, reason: 'x', to: { id: 'a' } }),
      request({ amount: 7, reason: 'x', to: { id: 'a' }, memo: 'y' }),
    ]);
    expect(table.columns).toEqual(['amount', 'memo']);
    expect(table.common).toEqual([
      { name: 'reason', value: 'x' },
      { name: 'to.id', value: 'a' },
    ]);
    expect(table.rows.map(({ cells }) => cells)).toEqual([
      ['5', undefined],
      ['7', 'y'],
    ]);
    expect(table.rows.every(({ isComplete }) => isComplete)).toBe(true);
  });

  it('shows an amount as it is sent and as people write it', () => {
    const fact = { kind: 'amount', location: 'body/amount', value: '€48.90', is_cut: false };
    const summary = {
      effect: 'pays' as const,
      headline: [],
      facts: [fact as RequestFact],
      items: [],
      other_values: 0,
      amount: null,
    };
    expect(tableOf([request({ amount: 4890 }, { summary })]).rows[0]?.cells).toEqual([
      '4890 (€48.90)',
    ]);
  });

  it.each<[string, Action]>([
    ['a long value', request({ a: 'x'.repeat(301) })],
    ['an empty value', request({ a: '' })],
    ['an empty part', request({ a: 1, b: [] })],
    ['a name twice', request('{"a":1,"a":2}')],
    ['two names that look alike', request('{"a.b":1,"a":{"b":2}}')],
    ['hidden characters', request({ a: 'x\u200by' })],
    ['plain text', request('rm -rf /')],
    ['a binary body', request('AAAA', { body_encoding: 'base64' })],
    ['another header', request({ a: 1 }, { request_headers: { 'x-method': 'DELETE' } })],
    ['a truncated body', request({ a: 1 }, { body_truncated: true })],
    ['a long target', request('', { target_url: `https://api.example/${'x'.repeat(300)}` })],
    ['a damaged record', request('', { unreadable: true })],
  ])('does not show all of a request with %s', (_, action) => {
    expect(tableOf([action]).rows[0]?.isComplete).toBe(false);
  });
});
