import { expect, test } from 'vitest';
import { riskWords } from './risk';

test('a score is a number without a judgment', () => {
  expect([0.5, 0.72, 0.93].map(riskWords)).toEqual([
    'Risk score 0.50',
    'Risk score 0.72',
    'Risk score 0.93',
  ]);
});
