import { describe, expect, it } from 'vitest';
import { betterName } from './slug';

describe('a name of a service', () => {
  it.each([
    ['My Jupyter Server!', 'my-jupyter-server'],
    ['Köln / Ost', 'koln-ost'],
    ['a b', 'a-b'],
  ])('%j gets the suggestion %s', (name, better) => {
    expect(betterName(name)).toBe(better);
  });

  it.each(['stripe', 'GitHub', 'my_api-2.0', ' stripe ', '', '東京'])('%j gets none', (name) => {
    expect(betterName(name)).toBeNull();
  });
});
