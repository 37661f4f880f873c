import { describe, expect, it } from 'vitest';
import { ALL_EFFECTS } from './effect';
import { riskLevel, riskWords } from './risk';

describe('the words for a score', () => {
  it('are about the score, by its level', () => {
    expect([0.5, 0.72, 0.9].map(riskLevel)).toEqual(['low', 'medium', 'high']);
    expect([0.5, 0.72, 0.9].map((score) => riskWords(score, 'changes'))).toEqual([
      'Low risk score',
      'Medium risk score',
      'High risk score',
    ]);
  });

  it('never call an irreversible effect low', () => {
    const low = ALL_EFFECTS.filter((effect) => /low/i.test(riskWords(0.5, effect)));
    expect(low).toEqual(['runs_code', 'shares_outside', 'changes', 'creates', 'reads']);
    expect(riskWords(0.95, 'deletes')).toBe('High risk score');
  });
});
