import { describe, expect, it } from 'vitest';
import type { Action, RequestFact } from '#/client';
import { impliedRecipientOf } from './recipient';

const action = (title: string, effect: string, kinds: RequestFact['kind'][] = []) =>
  ({
    summary: {
      effect,
      headline: [{ text: title, is_value: false }],
      facts: kinds.map((kind) => ({ kind, location: 'body/x', name: 'x' })),
      items: [],
    },
  }) as unknown as Action;

describe('a recipient that is not named', () => {
  it('is the payer of a refund, and the audience of a campaign', () => {
    expect(impliedRecipientOf(action('Refund €5.00 · charge ch_1', 'pays'))).toContain('the payer');
    expect(impliedRecipientOf(action('Schedule campaign 7f3', 'shares_outside'))).toBe(
      'the audience of the campaign (not named in the request)',
    );
  });

  it('is unknown in other requests, and where somebody is named', () => {
    expect(impliedRecipientOf(action('Refund €5.00 to ann', 'pays', ['recipient']))).toBeNull();
    expect(
      impliedRecipientOf(
        action('Send message to x · note “newsletter”', 'shares_outside', ['recipient']),
      ),
    ).toBeNull();
    expect(impliedRecipientOf(action('Create campaign', 'creates'))).toBeNull();
    expect(impliedRecipientOf(action('Pay out €5.00', 'pays'))).toBeNull();
  });
});
