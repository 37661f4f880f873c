import { describe, expect, it } from 'vitest';
import type { Action, ActionContext, RequestFactKind } from '#/client';
import { comparisonsOf } from './familiarity';

const action = (change: Partial<ActionContext>, kind: RequestFactKind = 'other') =>
  ({
    context: {
      first_by_agent: null,
      first_to_target: null,
      approved: null,
      denied: null,
      since: '2026-01-01T00:00:00Z',
      amount: null,
      repeats: null,
      earlier: null,
      ...change,
    },
    summary: { facts: [{ kind }] },
  }) as unknown as Action;

const texts = (change: Partial<ActionContext>, kind?: RequestFactKind) =>
  comparisonsOf(action(change, kind)).map(({ text }) => text);

const amount = (value: string) => ({
  currency: 'EUR',
  unit_is_documented: true,
  value,
  lowest: '40',
  highest: '1900.00',
  count: 31,
});

describe('the comparison with earlier requests', () => {
  it('says nothing that is not known', () => {
    expect(comparisonsOf({ ...action({}), context: null })).toEqual([]);
    expect(texts({})).toEqual([]);
    expect(texts({ first_by_agent: false, approved: 0, denied: 0 })).toEqual([]);
  });

  it('names the unusual first', () => {
    const outside = { first_to_target: false, approved: 11, denied: 1 };
    expect(comparisonsOf(action({ ...outside, amount: amount('12500.00') }, 'recipient'))).toEqual([
      { text: 'Usually €40–1,900', isUnusual: true },
      { text: 'Known recipient', isUnusual: false },
      { text: 'Similar requests in the last 30 days: 11 approved, 1 denied', isUnusual: false },
    ]);
    expect(texts({ first_to_target: true, amount: amount('50') }, 'account')).toEqual([
      'New recipient',
      'Usually €40–1,900',
    ]);
    expect(comparisonsOf(action({ approved: 1, denied: 2 }))[0]?.isUnusual).toBe(true);
  });

  it('says what is new', () => {
    const none = { ...amount('5'), lowest: null, highest: null, count: 0 };
    expect(
      texts({ first_by_agent: true, first_to_target: true, amount: none }, 'recipient'),
    ).toEqual(['No earlier amounts in 30 days', 'New recipient', 'First time for this agent']);
  });

  it('takes no object of a path for a recipient', () => {
    expect(texts({ first_to_target: true }, 'target')).toEqual([]);
    expect(texts({ first_to_target: false }, 'target')).toEqual([
      'Approved for this target before',
    ]);
  });

  it('says that the unit of an amount is unknown', () => {
    const cents = { ...amount('5000'), currency: 'CHF', lowest: '4000', highest: '4000' };
    expect(texts({ amount: cents })).toEqual(['Usually CHF 4,000']);
    expect(texts({ amount: { ...cents, unit_is_documented: false } })).toEqual([
      'Usually 4,000 (CHF, unit unknown)',
    ]);
  });
});
