import { describe, expect, it } from 'vitest';
import type { Action, Operation, RequestEntry, RequestFactKind } from '#/client';
import { EMPTY_RULE } from './draft';
import { draftFromAction, draftFromEntry } from './fromRequest';

const fact = (location: string, kind: RequestFactKind) => ({
  location,
  kind,
  name: '',
  value: '',
  is_cut: false,
  meaning: null,
});

const action = (change: Partial<Action>) =>
  ({
    status: 'EXECUTED',
    approval: { at: '', by: 1, note: null },
    agent_id: 7,
    service_id: 3,
    method: 'POST',
    target_url: 'https://api.example.com/v1/payouts',
    request_headers: {},
    request_body: '{"amount":4900,"currency":"eur","destination":"acct_1","note":"x"}',
    body_encoding: 'utf8',
    operation: { id: 'createPayout', summary: 'Create a payout', tags: [], deprecated: false },
    summary: {
      effect: 'pays' as const,
      headline: [],
      facts: [fact('body/amount', 'amount'), fact('body/destination', 'recipient')],
      items: [],
      other_values: 0,
      amount: null,
    },
    ...change,
  }) as Action;

const operation = { id: 'createPayout', path: '/v1/payouts', summary: null } as Operation;
const held = { approval: null } as const;

describe('a rule from a held request', () => {
  it('allows what was approved, up to its amount, to its recipient, for its agent', () => {
    expect(draftFromAction(action({}), operation)).toEqual({
      ...EMPTY_RULE,
      name: 'Create a payout',
      effect: 'allow',
      condition:
        'operation.id == "createPayout" && double(request.body.amount) <= 4900 && request.body.currency == "eur" && request.body.destination == "acct_1"',
      text: '',
      serviceId: 3,
      agentId: 7,
      enabled: true,
    });
  });

  it('denies what was denied, from its amount on, and otherwise asks', () => {
    const denied = draftFromAction(action({ ...held, status: 'DENIED' }), operation);
    expect(denied.effect).toBe('deny');
    expect(denied.condition).toContain('double(request.body.amount) >= 4900');
    for (const status of ['PENDING', 'EXPIRED'] as const) {
      expect(draftFromAction(action({ ...held, status }), operation).effect).toBe(
        'require_approval',
      );
    }
    expect(draftFromAction(action({ status: 'REVOKED' }), operation).effect).toBe(
      'require_approval',
    );
  });

  it('limits the path if the operation does not', () => {
    const path = { ...operation, path: '/v1/{kind}' };
    expect(draftFromAction(action({}), path).condition).toContain('request.under("/v1/payouts")');
    const unknown = action({
      operation: null,
      method: 'DELETE',
      target_url: 'https://a.example/f*',
    });
    expect(draftFromAction(unknown, undefined).condition).toMatch(
      /^request\.method == "DELETE" && request\.under\("\/f%2A"\) && /,
    );
  });

  it('limits lists of recipients, and allows nothing that it cannot limit', () => {
    const facts = (location: string) => ({
      effect: 'shares_outside' as const,
      headline: [],
      facts: [fact(location, 'recipient')],
      items: [],
      other_values: 0,
      amount: null,
    });
    const listed = action({ request_body: '{"to":["a@b.example"]}', summary: facts('body/to/0') });
    expect(draftFromAction(listed, operation)).toMatchObject({
      effect: 'allow',
      condition:
        'operation.id == "createPayout" && request.body.to.all(each, each in ["a@b.example"])',
    });
    for (const [request_body, location] of [
      ['{"to":[{"email":"a@b.example"}]}', 'body/to/0/email'],
      ['{"to":[5]}', 'body/to/0'],
      ['{"to":5}', 'body/to'],
    ] as const) {
      const nested = draftFromAction(action({ request_body, summary: facts(location) }), operation);
      expect(nested).toMatchObject({
        effect: 'require_approval',
        condition: 'operation.id == "createPayout"',
      });
    }
  });
});

it('a rule allows nothing if the page cannot read what the gateway found', () => {
  const summary = (location: string) => ({
    effect: 'pays' as const,
    headline: [],
    facts: [fact(location, 'amount')],
    items: [],
    other_values: 0,
    amount: null,
  });
  for (const [request_body, location] of [
    ['--x\r\nContent-Disposition: form-data; name="amount"\r\n\r\n5\r\n--x--', 'body/amount'],
    ['{"payload":"{\\"amount\\":5}"}', 'body/payload/amount'],
    ['{"note":"x"}', 'query/amount'],
    ['{"note":"x"}', 'body'],
  ] as const) {
    const approved = action({ request_body, summary: summary(location) });
    expect(draftFromAction(approved, operation).effect).toBe('require_approval');
    // A denied request gives a rule that denies, whatever its amount.
    const denied = action({ ...held, status: 'DENIED', request_body, summary: summary(location) });
    expect(draftFromAction(denied, operation).effect).toBe('deny');
  }
});

it('a rule limits the currency, whatever its field is called', () => {
  const approved = action({
    request_body: '{"amount":{"value":"500","currency_code":"JPY"}}',
    summary: {
      effect: 'pays' as const,
      headline: [],
      facts: [fact('body/amount/value', 'amount')],
      items: [],
      other_values: 1,
      amount: null,
    },
  });
  expect(draftFromAction(approved, operation).condition).toBe(
    'operation.id == "createPayout" && double(request.body.amount.value) <= 500 && request.body.amount.currency_code == "JPY"',
  );
});

it('a rule from a request that was not held asks a human', () => {
  const entry = action({}) as unknown as RequestEntry;
  expect(draftFromEntry(entry, operation)).toMatchObject({
    effect: 'require_approval',
    agentId: 7,
    condition: 'operation.id == "createPayout"',
  });
});
