import { describe, expect, it } from 'vitest';
import type { Action, Operation } from '#/client';
import { cautionsOf } from './caution';

describe('what the documentation warns of', () => {
  it('is quoted in whole sentences, two at most', () => {
    const action = { target_url: 'https://api.example/x', request_body: '', intent: '' };
    const operation = {
      path: '/x',
      description:
        'Closes the till. All open orders are cancelled. Takes a few seconds. This cannot be undone. It is permanent.',
      parameters: [],
      fields: [],
    };
    const said = cautionsOf(action as unknown as Action, operation as unknown as Operation);
    expect(said).toEqual(['All open orders are cancelled.', 'This cannot be undone.']);
  });
});
