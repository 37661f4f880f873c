import { describe, expect, it } from 'vitest';
import { betterName, nameOf } from './slug';

describe('a name of a service', () => {
  it.each([
    ['My Jupyter Server!', 'my-jupyter-server'],
    ['Köln / Ost', 'koln-ost'],
    ['a b', 'a-b'],
  ])('%j gets the suggestion %s', (name, better) => {
    expect(betterName(name)).toBe(better);
  });

  it.each([
    ['https://api.stripe.com/v1', 'stripe'],
    ['https://stripe.com', 'stripe'],
    [' https://www.example.co.uk ', 'example'],
    ['https://eu.api.things.io', 'things'],
    ['http://localhost:8080', 'localhost'],
    ['http://127.0.0.1:9410', 'local-9410'],
    ['http://[::1]:9410/v1', 'local-9410'],
    ['https://10.0.0.1', ''],
    ['https://', ''],
    ['stripe.com', ''],
  ])('%j is the base URL of %j', (baseUrl, name) => {
    expect(nameOf(baseUrl)).toBe(name);
  });

  it.each(['stripe', 'GitHub', 'my_api-2.0', ' stripe ', '', '東京'])('%j gets none', (name) => {
    expect(betterName(name)).toBeNull();
  });
});
