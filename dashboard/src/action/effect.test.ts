import { describe, expect, it } from 'vitest';
import type { Action } from '#/client';
import { effectOf, effectWord } from './effect';

const request = (effect: string | null, codes: string[], method = 'POST') =>
  ({
    method,
    summary: effect === null ? null : { effect },
    signals: codes.map((code) => ({ code })),
  }) as unknown as Action;

describe('the effect of a request', () => {
  it('is that of its summary', () => {
    expect(effectOf(request('shares_outside', ['deletes']))).toBe('shares_outside');
  });

  it('falls back to the most severe signal, then to the method', () => {
    expect(effectOf(request(null, ['runs_code', 'pays', 'link']))).toBe('pays');
    expect(effectOf(request('toString', ['runs_code']))).toBe('runs_code');
    expect(effectOf(request(null, [], 'DELETE'))).toBe('deletes');
    expect(effectOf(request(null, [], 'GET'))).toBe('reads');
    expect(effectOf(request(null, [], 'PATCH'))).toBe('changes');
  });

  it('is named by what is ended, which is not deleted', () => {
    const word = (effect: string, text: string) =>
      effectWord({
        method: 'POST',
        signals: [],
        summary: { effect, headline: [{ text, is_value: false }] },
      } as unknown as Action);
    expect(word('deletes', 'Cancel subscription ')).toBe('Cancels');
    expect(word('deletes', 'Bulk revoke 4 keys')).toBe('Revokes');
    expect(word('deletes', 'Delete customer ')).toBe('Deletes');
    expect(word('pays', 'Cancel and refund ')).toBe('Pays');
  });
});
