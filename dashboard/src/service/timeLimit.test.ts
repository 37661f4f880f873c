import { describe, expect, it } from 'vitest';
import { millisecondsOf, secondsOf } from './timeLimit';

describe('a time limit', () => {
  it('is the same in both directions', () => {
    for (const milliseconds of [null, 1, 250, 30_000, 1_800_000]) {
      expect(millisecondsOf(secondsOf(milliseconds))).toBe(milliseconds);
    }
  });

  it('is whole milliseconds', () => {
    expect(millisecondsOf('0.0015')).toBe(2);
    expect(millisecondsOf(' 600 ')).toBe(600_000);
    expect(millisecondsOf('')).toBeNull();
  });
});
