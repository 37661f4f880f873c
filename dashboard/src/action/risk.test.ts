import { describe, expect, it } from 'vitest';
import { riskLevel, riskWords } from './risk';

describe('the words for a score', () => {
  it('name only the highest level, and give the number of any score', () => {
    expect([0.5, 0.72, 0.9].map(riskLevel)).toEqual(['low', 'medium', 'high']);
    expect([0.5, 0.72, 0.93].map((score) => riskWords(score))).toEqual([
      'Risk score 0.50',
      'Risk score 0.72',
      'High risk 0.93',
    ]);
    expect(riskWords(0.6, true)).toBe('High risk 0.60');
  });
});
