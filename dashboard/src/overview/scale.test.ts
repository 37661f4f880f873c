import { describe, expect, it } from 'vitest';
import { roundUp } from './scale';

describe('roundUp', () => {
  it.each([
    [0, 2],
    [0.03, 0.04],
    [0.5, 0.6],
    [1, 2],
    [3, 4],
    [7, 8],
    [9, 10],
    [10, 20],
    [41, 60],
    [99, 100],
    [1234, 2000],
  ])('rounds %d up to %d, whose half is round', (value, end) => {
    expect(roundUp(value)).toBeCloseTo(end);
    expect(Number.isInteger(roundUp(value) / 2) || value < 1).toBe(true);
  });
});
