import { describe, expect, it } from 'vitest';
import type { Action } from '#/client';
import { changesSince } from './changes';

const action = (body: string, url = 'https://api.example.com/refunds') =>
  ({
    method: 'POST',
    target_url: url,
    request_headers: { 'content-type': 'application/json' },
    request_body: body,
    body_encoding: 'utf8',
  }) as unknown as Action;

describe('the differences from an earlier request', () => {
  it('are the values that changed, were added, or are missing', () => {
    const before = action('{"amount":100,"currency":"eur","memo":"x"}');
    const after = action('{"amount":90,"currency":"eur","reason":"late"}');
    expect(changesSince(before, after)).toEqual([
      { place: '/amount', from: '100', to: '90' },
      { place: '/reason', from: null, to: 'late' },
      { place: '/memo', from: 'x', to: null },
    ]);
  });

  it('include the URL', () => {
    const other = 'https://api.example.com/refunds/7';
    expect(changesSince(action('{}'), action('{}', other))).toEqual([
      { place: 'URL', from: 'https://api.example.com/refunds', to: other },
    ]);
  });

  it('are never silent about bytes that have no values', () => {
    expect(changesSince(action('a'), action('b'))).toEqual([
      { place: 'body', from: null, to: 'different' },
    ]);
    expect(changesSince(action('a'), action('a'))).toEqual([]);
  });
});
