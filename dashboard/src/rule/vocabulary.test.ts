import { describe, expect, it } from 'vitest';
import { completionsAt, documented, UNDOCUMENTED } from './vocabulary';

const known = documented([
  {
    id: 'createCharge',
    method: 'POST',
    path: '/charges',
    call_path: '/charges',
    summary: 'Charge a card',
    description: null,
    tags: ['charges'],
    deprecated: false,
    effect: 'creates',
    parameters: [
      {
        name: 'Stripe-Account',
        place: 'header',
        description: null,
        kind: 'string',
        values: [],
        required: false,
      },
      {
        name: 'expand',
        place: 'query',
        description: null,
        kind: null,
        values: [],
        required: false,
      },
    ],
    fields: [
      { pointer: '/amount', description: 'in cents', kind: 'integer', values: [], required: true },
      {
        pointer: '/currency',
        description: null,
        kind: null,
        values: ['usd', 'eur'],
        required: true,
      },
      { pointer: '/card', description: null, kind: 'object', values: [], required: false },
      { pointer: '/card/number', description: null, kind: 'string', values: [], required: true },
      { pointer: '/lines/*/price', description: null, kind: null, values: [], required: false },
    ],
  },
]);

const texts = (before: string, from = known) =>
  completionsAt(before, from)?.items.map(({ text }) => text) ?? null;

describe('the completions of a condition', () => {
  it('are variables and functions at its beginning', () => {
    expect(texts('req')).toEqual(['request']);
    expect(texts('has(ser')).toEqual(['service']);
    expect(texts('service.id == 1 && in')).toContain('intent');
  });

  it('are the fields of a known variable', () => {
    expect(texts('service.')).toEqual(['id', 'name']);
    expect(texts('request.me')).toEqual(['method']);
    expect(texts('request.')?.[0]).toBe('under("');
    expect(texts('request.un')).toEqual(['under("']);
    expect(texts('nothing.na', UNDOCUMENTED)).toBeNull();
  });

  it('are documented names, one level at a time', () => {
    expect(texts('request.body.')).toEqual(expect.arrayContaining(['amount', 'currency', 'card']));
    expect(texts('request.body.')).not.toContain('price');
    expect(texts('int(request.body.card.num')).toEqual(['number']);
    expect(texts('request.headers["str')).toEqual(['stripe-account"']);
    expect(texts('request.query.ex')).toContain('expand');
    expect(texts('request.body.am')).toEqual(['amount']);
  });

  it('are methods of a value', () => {
    expect(texts('request.path.starts')).toEqual(['startsWith(']);
  });

  it('are documented values', () => {
    expect(texts('request.body.currency == "')).toEqual(['usd"', 'eur"']);
    expect(texts("operation.id == 'create")).toEqual(["createCharge'"]);
    expect(texts('request.method != "DEL')).toEqual(['DELETE"']);
  });

  it('are the names of services and agents', () => {
    const named = { ...known, services: ['payments', 'my "own"'], agents: ['clerk'] };
    expect(texts('service.name == "', named)).toEqual(['payments"']);
    expect(texts("agent.name != 'cl", named)).toEqual(["clerk'"]);
  });

  it('are absent inside a string', () => {
    expect(texts('intent.contains("req')).toBeNull();
    expect(texts('intent == "a" && req')).toEqual(['request']);
  });
});
