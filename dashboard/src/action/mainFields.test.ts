import { describe, expect, it } from 'vitest';
import type { Action, Operation } from '#/client';
import { mainFieldsOf } from './mainFields';

const operation = {
  path: '/customers/{customer}/charges',
  parameters: [],
  fields: [{ pointer: '/amount', description: 'in cents' }],
} as unknown as Operation;

const request = (body: unknown, evidence: string[] = []) =>
  ({
    target_url: 'https://api.example/v1/customers/cus_1/charges?expand=all&user_id=7',
    request_body: JSON.stringify(body),
    body_encoding: 'utf8',
    request_headers: { 'content-type': 'application/json' },
    signals: evidence.map((one) => ({ evidence: one })),
  }) as unknown as Action;

const names = (action: Action, known?: Operation) =>
  mainFieldsOf(action, known).map(({ name }) => name);

describe('the main fields', () => {
  it('are first those that the assessment points to, each once', () => {
    const body = { note: 'x', amount: 5, meta: { tags: ['a', 'b'] } };
    const action = request(body, ['path', '/meta', '/note', '/note', '/gone']);
    expect(names(action, operation)).toEqual(['meta.tags.0', 'note', 'amount']);
  });

  it('are then amounts, recipients, and identifiers, three at most', () => {
    const body = { id: 1, sendTo: 'x@example', total_price: 3, currency: 'usd', title: 'no' };
    expect(names(request(body))).toEqual(['total_price', 'currency', 'sendTo']);
    expect(names(request({ title: 'no' }), operation)).toEqual(['customer', 'user_id']);
    expect(names(request({ to: ['a', 'b'], cc: '' }))).toEqual(['to.0', 'to.1', 'user_id']);
    const odd = { at: '2026-01-02T03:04Z', charge: 'ch_3PqL81', text: 'in 2 days', amount: 1 };
    expect(names(request(odd))).toEqual(['amount', 'user_id', 'charge']);
  });

  it('never include values with secret names', () => {
    const body = { password: 'hunter2', api_key: 'k1', card: { cvc: 'a1' }, newToken: 't0k' };
    const action = request(body, ['/password', '/api_key']);
    expect(names(action)).toEqual(['user_id']);
  });

  it('come with their documented description, if there is one', () => {
    const action = request({ amount: 50000 });
    expect(mainFieldsOf(action, operation)[0]).toMatchObject({
      name: 'amount',
      value: '50000',
      meaning: 'in cents',
    });
    expect(mainFieldsOf(action, undefined)[0]).toMatchObject({ value: '50000', meaning: null });
  });
});
