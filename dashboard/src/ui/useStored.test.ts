import { expect, it } from 'vitest';
import { followed } from './useStored';

it('a form that was not edited follows what is stored', () => {
  expect(followed([1, 2], [1, 2], [1])).toEqual([1]);
});

it('what the user has edited stays', () => {
  expect(followed([1, 2, 3], [1, 2], [1])).toEqual([1, 2, 3]);
});
