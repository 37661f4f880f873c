import { describe, expect, it } from 'vitest';
import type { Action, RequestFact } from '#/client';
import { apartOf } from './apart';
import { gravestFirst, ordered } from './rowOrder';
import { tableOf } from './table';

const fact = (kind: string, name: string, value: string, location = `body/${name}`) =>
  ({ kind, name, location, value, is_cut: false, meaning: null }) as RequestFact;

const request = (
  id: string,
  path: string,
  body: Record<string, unknown> | null,
  facts: RequestFact[],
  change: Partial<Action> = {},
) =>
  ({
    action_id: id,
    method: body ? 'POST' : 'DELETE',
    target_url: `https://api.example${path}`,
    request_headers: {},
    request_body: body ? JSON.stringify(body) : '',
    body_encoding: 'utf8',
    decompressed_body: null,
    created_at: '2026-01-01T00:00:00Z',
    expires_at: null,
    intent: 'Do what the ticket says',
    risk_score: 0.6,
    signals: [],
    matched_rules: [],
    approvals: { step_up: null },
    context: null,
    operation: null,
    summary: { effect: 'changes', headline: [], facts, items: [], other_values: 0, amount: null },
    ...change,
  }) as unknown as Action;

const environment = (name: string) =>
  request(name, `/v1/environments/${name}`, null, [fact('target', 'environments', name, 'path')]);

const payment = (id: string, to: string, account: string, amount: string, change = {}) =>
  request(
    id,
    '/v1/payments',
    { to, account, amount },
    [
      fact('account', 'account', account),
      fact('recipient', 'to', to),
      fact('amount', 'amount', amount),
    ],
    change,
  );

describe('a request is apart', () => {
  it('if its target does not look as those of the others', () => {
    const names = ['preview-1', 'preview-2', 'production', 'preview-31'];
    expect([...apartOf(names.map(environment))]).toEqual([
      ['production', ['environments production is unlike the others']],
    ]);
    // Names that are all different have no usual one.
    expect(apartOf(['blue', 'green', 'red', 'white'].map(environment)).size).toBe(0);
  });

  it('if a recipient that the others name has another account', () => {
    const payments = [
      payment('1', 'Acme Paper', 'DE89 1', '€10.00'),
      payment('2', 'Acme Paper', 'DE89 1', '€12.00'),
      payment('3', 'Acme Paper', 'LT60 9', '€11.00'),
      payment('4', 'Blue Ltd', 'FR76 2', '€11.00'),
    ];
    expect([...apartOf(payments)]).toEqual([
      ['3', ['Another account for Acme Paper']],
      ['4', ['to Blue Ltd is unlike the others']],
    ]);
    // Nobody can say which one of two accounts is right.
    expect([...apartOf([payments[0], payments[2]] as Action[]).keys()]).toEqual(['1', '3']);
  });

  it('if its amount is far above those of the others', () => {
    const payments = ['€10.00', '€14.00', '€9.00', '€1,400.00'].map((amount, at) =>
      payment(`${at}`, `Supplier ${at}`, `DE${at}`, amount),
    );
    expect([...apartOf(payments)]).toEqual([
      ['3', ['Amount 140 times the usual one in this table']],
    ]);
  });

  it('if its intent names another recipient, unless that is so in most of them', () => {
    const unnamed = (to: string) => ({
      code: 'recipient_not_in_intent',
      weight: 0.1,
      evidence: '/to',
      sentence: `It goes to ${to}, whom the intent does not mention.`,
    });
    const pays = (id: string, to: string, signals: unknown[]) =>
      payment(id, to, `DE${to}`, '€1.00', { intent: 'Pay Civic Water', signals });
    const few = [
      pays('1', 'Civic Water', []),
      pays('2', 'Civic Water', []),
      pays('3', 'Zephyr', [unnamed('Zephyr')]),
    ];
    expect(apartOf(few).get('3')?.join()).toContain('Zephyr');
    const all = ['A', 'B', 'C'].map((to) => pays(to, to, [unnamed(to)]));
    expect([...apartOf(all)]).toEqual([]);
  });

  it('if it has a danger, or if few have what is unusual about it', () => {
    const known = { context: { first_to_target: false } as Action['context'] };
    const unknown = { context: { first_to_target: true } as Action['context'] };
    const danger = { code: 'danger', weight: 0, evidence: '/a', sentence: 'It forwards.' };
    const payments = [
      payment('1', 'A', 'DE1', '€1.00', known),
      payment('2', 'B', 'DE2', '€1.00', { ...known, signals: [danger] }),
      payment('3', 'C', 'DE3', '€1.00', unknown),
    ];
    expect([...apartOf(payments)]).toEqual([
      ['3', ['New recipient']],
      ['2', ['It forwards.']],
    ]);
    // A remark on most of them sets none apart.
    expect(apartOf(payments.map((one) => ({ ...one, signals: [], ...unknown }))).size).toBe(0);
  });
});

it('rows that differ come first in every order', () => {
  const payments = [
    payment('1', 'Zed', 'DE1', '€5.00'),
    payment('2', 'Amy', 'DE2', '€7.00'),
    payment('3', 'Eve', 'DE3', '€6.00'),
    payment('4', 'Bob', 'LT4', '€4.00'),
  ];
  const apart = apartOf(payments);
  const { rows } = tableOf(payments);
  const ids = (order: Parameters<typeof ordered>[2]) =>
    ordered(rows, apart, order).map(({ action }) => action.action_id);
  expect(ids('queue')).toEqual(['4', '1', '2', '3']);
  expect(ids('amount')).toEqual(['4', '2', '3', '1']);
  expect(ids('recipient')).toEqual(['4', '2', '3', '1']);
  expect(gravestFirst(rows, apart).map(({ action }) => action.action_id)).toEqual([
    '4',
    '2',
    '3',
    '1',
  ]);
});
