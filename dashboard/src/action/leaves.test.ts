import { describe, expect, it } from 'vitest';
import type { Action, RequestFact } from '#/client';
import { leavesBeyond, leavesOf } from './leaves';

const request = (body: string, change: Partial<Action> = {}) =>
  ({
    target_url: 'https://api.example/v1/things',
    request_headers: { 'content-type': 'application/json' },
    request_body: body,
    body_encoding: 'utf8',
    decompressed_body: null,
    ...change,
  }) as unknown as Action;

const fact = (location: string, value: string, kind = 'other') =>
  ({ kind, name: location, location, value, is_cut: false, meaning: null }) as RequestFact;

/** The listed values, one line for each place. */
const lines = (action: Action, ...facts: RequestFact[]) =>
  leavesBeyond(action, facts)?.map(({ place, values }) =>
    [place, ...values.map(({ name, value }) => `${name} ${value}`)].join('|'),
  );

describe('the values of a small request', () => {
  it('are all listed but those that are shown already, an item of a list in one line', () => {
    const body = JSON.stringify({
      currency: 'EUR',
      items: [
        { to: 'a@example', amount: { value: '5.00' } },
        { to: 'eve@evil.example', amount: { value: '900.00' } },
      ],
      tags: ['x', 'y'],
      filter: {},
      note: '',
      gone: null,
    });
    expect(lines(request(body), fact('body/items/0/to', 'a@example', 'recipient'))).toEqual([
      '|currency EUR',
      'items[0]|to a@example|amount.value 5.00',
      'items[1]|to eve@evil.example|amount.value 900.00',
      '|tags[0] x',
      '|tags[1] y',
      '|note "" (empty)',
      '|gone null',
      '|filter {} (empty)',
    ]);
  });

  it('include the query, unusual headers, and a body in any format', () => {
    const action = request('to=a%40example&to=b%40example', {
      target_url: 'https://api.example/v1/things?force=true',
      request_headers: {
        'content-type': 'application/x-www-form-urlencoded',
        accept: 'text/html',
        'On-Behalf-Of': 'ceo@example',
      },
    });
    expect(lines(action)).toEqual([
      '|?force true',
      '|on-behalf-of: ceo@example',
      '|to a@example',
      '|to b@example',
    ]);
    expect(lines(request('DROP TABLE users'))).toEqual(['|body DROP TABLE users']);
    expect(lines(request('<a b="1"><c>2</c></a>'))).toEqual(['|b 1', '|c 2']);
  });

  it('name a secret and do not show it', () => {
    const body = '{"env":{"DB_PASSWORD":"hunter2hunter2"},"max_tokens":50,"pin_required":true}';
    expect(lines(request(body))).toEqual([
      '|env.DB_PASSWORD (secret, 14 characters: see the exact request)',
      '|max_tokens 50',
      '|pin_required true',
    ]);
  });

  it('do not show a secret that another value names, and repeat no list', () => {
    const body = '{"env":[{"name":"DB_PASSWORD","value":"hunter2hunter2"}],"tags":["a","b"]}';
    expect(lines(request(body), fact('body/tags', '2: a, b'))).toEqual([
      'env[0]|name DB_PASSWORD|value (secret, 14 characters: see the exact request)',
    ]);
  });

  it('are named without the place that all of them are in', () => {
    const xml = '<Document><Head><Id>1</Id></Head><Tx><To>a</To></Tx></Document>';
    expect(lines(request(xml))).toEqual(['|Head.Id 1', '|Tx.To a']);
  });

  it('leave out the currency that an amount is shown with', () => {
    const body = '{"amount":48900,"currency":"eur"}';
    expect(lines(request(body), fact('body/amount', '€489.00', 'amount'))).toEqual([]);
  });
});

describe('a request that is not listed', () => {
  it.each<[string, Action]>([
    ['many values', request(JSON.stringify(Array.from({ length: 31 }, (_, at) => at)))],
    ['a long value', request(JSON.stringify({ text: 'x'.repeat(1_600) }))],
    ['a binary body', request('AAAA', { body_encoding: 'base64' })],
    ['a body that is not loaded', request('{}', { body_truncated: true })],
  ])('has %s', (_, action) => {
    expect(leavesOf(action)).toBeNull();
  });
});
