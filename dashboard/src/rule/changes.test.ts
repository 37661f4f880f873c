import { describe, expect, it } from 'vitest';
import type { OperationEffect, SimulatedChanges } from '#/client';
import { stakesOf, sumsOf } from './changes';

const changes = (
  count: number,
  effects: readonly OperationEffect[],
  amounts: SimulatedChanges['amounts'] = [],
) => ({ count, amounts, examples: effects.map((effect) => ({ effect })) }) as SimulatedChanges;

describe('the stakes of simulated changes', () => {
  it('are severe effects and sums of money', () => {
    const money = { currency: 'EUR', value: '310400.00', requests: 2 };
    expect(stakesOf([changes(4, ['pays', 'deletes', 'pays', 'reads'], [money])])).toBe(
      'deletes: 1, pays: 2, €310,400.00',
    );
    expect(stakesOf([changes(1, ['reads'])])).toBe('');
  });

  it('are of the examples only, if there are more', () => {
    expect(stakesOf([changes(12, ['deletes']), changes(0, [])])).toBe(
      'of the latest 1: deletes: 1',
    );
  });

  it('keep every digit, and currencies apart', () => {
    const sum = (currency: string, value: string) => ({ currency, value, requests: 1 });
    expect(
      sumsOf([
        sum('USD', '12345678901234567890.05'),
        sum('JPY', '5'),
        sum('USD', '1.00'),
        sum('none', '2'),
      ]),
    ).toEqual(['$12,345,678,901,234,567,890.05 + $1.00', '¥5', 'none 2']);
  });
});
