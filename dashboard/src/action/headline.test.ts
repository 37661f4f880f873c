import { describe, expect, it } from 'vitest';
import type { HeadlinePart } from '#/client';
import { headline, linesOf, rowStarts } from './headline';

const request = {
  method: 'POST',
  target_url: 'https://api.example.com/v1/payouts?a=1',
  operation: null,
};
const operation = { id: 'createPayout', summary: 'Create a payout', tags: [], deprecated: false };

/** A headline in which values are in brackets. */
const parts = (text: string): HeadlinePart[] =>
  text
    .split(/(\[[^\]]*\])/)
    .filter((part) => part !== '')
    .map((part) => ({
      text: part.replace(/^\[|\]$/g, ''),
      is_value: part.startsWith('['),
    }));

/** The lines with names in angle brackets and values in brackets. */
const lines = (text: string) =>
  linesOf(parts(text)).map((line) =>
    line
      .map((piece) => ({ words: piece.text, name: `<${piece.text}>`, value: `[${piece.text}]` }))
      .map((shown, at) => shown[line[at]?.kind ?? 'words'])
      .join(''),
  );

describe('the headline of a request', () => {
  it('is what it would do', () => {
    const summary = {
      effect: 'pays' as const,
      headline: parts('Pay out [€12.00]'),
      facts: [],
      items: [],
      other_values: 0,
      amount: null,
    };
    expect(headline({ ...request, operation, summary })).toBe('Pay out €12.00');
  });

  it('falls back to the documented operation, then to the method and the path', () => {
    expect(headline({ ...request, operation, summary: null })).toBe('Create a payout');
    expect(headline(request)).toBe('POST /v1/payouts');
  });

  it('has a line for each value, and for the text that is sent', () => {
    expect(lines('Set [status] of user [u1] to [dnd] · [until] [17:00] and 2 more')).toEqual([
      'Set [status] of user [u1] to [dnd]',
      ' · <until> [17:00] and 2 more',
    ]);
    expect(lines('Refund · no amount given · [intent] [pi_3]')).toEqual([
      'Refund',
      ' · no amount given',
      ' · <intent> [pi_3]',
    ]);
    expect(lines('Cancel [m1] · [note] “[Snow]” · [keys] in [a/]: [b], [c]')).toEqual([
      'Cancel [m1]',
      ' · <note> “[Snow]”',
      ' · <keys> in [a/]: [b], [c]',
    ]);
    expect(lines('Call [+44] · [account] [AC5]: “[Hello]…”')).toEqual([
      'Call [+44]',
      ' · <account> [AC5]:',
      ' “[Hello]…”',
    ]);
  });

  it('is not split by what the agent wrote', () => {
    expect(lines('Delete [a · b “c”]')).toEqual(['Delete [a · b “c”]']);
    expect(lines('Post to [#a]')).toEqual(['Post to [#a]']);
  });

  it('puts short details into one row', () => {
    const starts = rowStarts(
      linesOf(
        parts(
          `Create step · [environment] [production] · [force] [true] · [command] [${'x'.repeat(60)}] · [a] [1] · [b] [2]`,
        ),
      ),
    );
    expect(starts).toEqual([false, true, false, true, true, false]);
  });
});
