import { describe, expect, it } from 'vitest';
import { headline } from './headline';

const request = {
  method: 'POST',
  target_url: 'https://api.example.com/v1/payouts?a=1',
  operation: null,
};
const operation = { id: 'createPayout', summary: 'Create a payout', tags: [], deprecated: false };

describe('the headline of a request', () => {
  it('is what it would do', () => {
    const summary = {
      effect: 'pays' as const,
      headline: [
        { text: 'Pay out ', is_value: false },
        { text: '€12.00', is_value: true },
      ],
      facts: [],
      other_values: 0,
      amount: null,
    };
    expect(headline({ ...request, operation, summary })).toBe('Pay out €12.00');
  });

  it('falls back to the documented operation, then to the method and the path', () => {
    expect(headline({ ...request, operation, summary: null })).toBe('Create a payout');
    expect(headline(request)).toBe('POST /v1/payouts');
  });
});
