import { describe, expect, it } from 'vitest';
import type { Action, RequestFact, RequestItems } from '#/client';
import { isInItem, isInLine, shownItems } from './items';

const item = (index: number, text: string, isOdd = false) => ({
  location: `body/payments/${index}`,
  is_odd: isOdd,
  line: [{ text, is_value: true }],
});

const list: RequestItems = {
  name: 'payments',
  location: 'body/payments',
  count: 9,
  same: [{ text: 'SUPP', is_value: true }],
  items: Array.from({ length: 9 }, (_, index) => item(index, `€${index}20.00`, index === 7)),
};

const action = (...pointers: string[]) =>
  ({
    summary: { items: [list] },
    signals: pointers.map((evidence) => ({ code: 'x', sentence: '', weight: 0.5, evidence })),
  }) as unknown as Action;

const places = (items: ReadonlyArray<{ location: string }>) =>
  items.map(({ location }) => location.replace('body/payments/', ''));

describe('the items of a list', () => {
  it('are folded but for the odd one, which comes first, and those that a reason points to', () => {
    const { first, all } = shownItems(action('/payments/8/iban'), list);
    expect(places(first)).toEqual(['7', '8', '0', '1', '2', '3']);
    expect(all).toHaveLength(9);
  });

  it('are never folded if a reason points to them, and keep their order if it points to most', () => {
    const pointers = [0, 1, 2, 4, 5, 6, 8].map((index) => `/payments/${index}/iban`);
    expect(places(shownItems(action(...pointers), list).first)).toEqual([
      '7',
      '0',
      '1',
      '2',
      '3',
      '4',
      '5',
      '6',
      '8',
    ]);
  });

  it('have their values in their lines and not among the other ones', () => {
    const fact = (location: string) => ({ location }) as RequestFact;
    expect(isInItem(action(), fact('body/payments/3/iban'))).toBe(true);
    expect(isInItem(action(), fact('body/payments'))).toBe(true);
    expect(isInItem(action(), fact('body/payments_total'))).toBe(false);
    const isShown = (location: string, value: string) => isInLine(action(), { location, value });
    // An amount in minor units is formatted.
    expect(isShown('body/payments/3/amount', '32000')).toBe(true);
    expect(isShown('body/payments/3/purpose', 'supp')).toBe(true);
    expect(isShown('body/payments/3/op', 'replace')).toBe(true);
    expect(isShown('body/payments/3/note', 'Thanks')).toBe(false);
    expect(isShown('body/payments/3/note', '')).toBe(false);
    expect(isShown('body/total', '32000')).toBe(false);
  });

  it('are missing in a summary of an earlier version', () => {
    const old = { summary: { facts: [] } } as unknown as Action;
    expect(isInItem(old, { location: 'body/a/0/b' } as RequestFact)).toBe(false);
  });
});
