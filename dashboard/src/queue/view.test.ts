import { describe, expect, it } from 'vitest';
import type { Action } from '#/client';
import { isExpiringSoon, shownIn, viewOf } from './view';

const request = (action_id: string, change: Partial<Action> = {}) =>
  ({
    action_id,
    agent_id: 1,
    agent_name: 'billing',
    service_id: 1,
    service_name: 'payments',
    method: 'POST',
    target_url: 'https://api.example/v1/refunds',
    request_body: '{"charge":"ch_1","meta":{"memo":"Nordwind"}}',
    request_headers: { 'content-type': 'application/json' },
    body_encoding: 'utf8',
    intent: 'Refund it',
    risk_score: 0.8,
    risk_explanation: '',
    signals: [],
    operation: null,
    summary: null,
    created_at: '2026-01-01T00:00:00Z',
    expires_at: '2026-01-02T00:00:00Z',
    ...change,
  }) as unknown as Action;

const ids = (actions: Action[]) => actions.map(({ action_id }) => action_id);

describe('a view of the queue', () => {
  const all = [
    request('a'),
    request('b', { agent_id: 2, risk_score: 0.99, expires_at: '2026-01-03T00:00:00Z' }),
    request('c', { service_id: 2, method: 'DELETE', expires_at: '2026-01-01T12:00:00Z' }),
  ];

  it('narrows the queue by agent, service, and effect', () => {
    expect(ids(shownIn(all, {}))).toEqual(['a', 'b', 'c']);
    expect(ids(shownIn(all, { agent: 2 }))).toEqual(['b']);
    expect(ids(shownIn(all, { service: 1, effect: 'changes' }))).toEqual(['a', 'b']);
    expect(ids(shownIn(all, { effect: 'deletes' }))).toEqual(['c']);
  });

  it('searches everything that is shown', () => {
    const one = request('one', {
      summary: {
        effect: 'pays',
        headline: [{ text: 'Refund €20.00', is_value: false }],
        facts: [],
        items: [],
        other_values: 0,
        amount: null,
      },
      signals: [{ code: 'x', weight: 1, evidence: '', sentence: 'It moves money.' }],
    });
    for (const q of ['€20', 'NORDWIND', 'ch_1', 'billing', 'v1/ref', 'moves money', 'pays'])
      expect(ids(shownIn([one], { q }))).toEqual(['one']);
    expect(shownIn([one], { q: 'absent' })).toEqual([]);
  });

  it('is sorted by age, expiry, or risk', () => {
    expect(ids(shownIn(all, { sort: 'expiry' }))).toEqual(['c', 'a', 'b']);
    expect(ids(shownIn(all, { sort: 'risk' }))).toEqual(['b', 'a', 'c']);
  });

  it('is read from a URL, and nothing else is', () => {
    const view = { q: '7', agent: 1, service: 2, effect: 'pays', sort: 'risk', grouped: true };
    expect(viewOf({ ...view, q: 7, action: 'x' })).toEqual(view);
    expect(viewOf({ q: '', agent: '1', effect: 'toString', sort: 'age', grouped: 1 })).toEqual({});
  });

  it('marks the last tenth of the time to decide', () => {
    const at = (hour: number) => Date.parse('2026-01-01T00:00:00Z') + hour * 3_600_000;
    expect(isExpiringSoon(request('a'), at(21))).toBe(false);
    expect(isExpiringSoon(request('a'), at(22))).toBe(true);
    expect(isExpiringSoon(request('a', { expires_at: null }), at(99))).toBe(false);
  });
});
