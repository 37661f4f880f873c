import { describe, expect, it } from 'vitest';
import type { ActionContext } from '#/client';
import { comparisonsOf } from './familiarity';

const context = (change: Partial<ActionContext>): ActionContext => ({
  first_by_agent: null,
  first_to_target: null,
  approved: null,
  denied: null,
  since: '2026-01-01T00:00:00Z',
  amount: null,
  ...change,
});

const amount = (value: string) => ({
  currency: 'EUR',
  unit_is_documented: true,
  value,
  lowest: '40',
  highest: '900.00',
  count: 31,
});

describe('the comparison with earlier requests', () => {
  it('says nothing that is not known', () => {
    expect(comparisonsOf(context({}))).toEqual([]);
    expect(comparisonsOf(context({ first_by_agent: false, approved: 0, denied: 0 }))).toEqual([]);
  });

  it('names the unusual first', () => {
    const found = comparisonsOf(
      context({ first_to_target: false, amount: amount('12500.00'), approved: 11, denied: 1 }),
    );
    expect(found).toEqual([
      {
        text: 'Outside the usual 40–900.00 (EUR): 31 amounts approved in the last 30 days',
        isUnusual: true,
      },
      { text: 'Requests to this recipient were approved before', isUnusual: false },
      {
        text: 'Similar requests in the last 30 days: 11 approved, 1 denied',
        isUnusual: false,
      },
    ]);
  });

  it('says what is new', () => {
    const none = { ...amount('5'), lowest: null, highest: null, count: 0 };
    const found = comparisonsOf(
      context({ first_by_agent: true, first_to_target: true, amount: none }),
    );
    expect(found.map(({ text }) => text)).toEqual([
      'This agent’s first request to this operation',
      'No request to this recipient was approved before',
      'No amount was approved here in the last 30 days',
    ]);
    expect(comparisonsOf(context({ amount: amount('50') }))[0]?.isUnusual).toBe(false);
  });
});
