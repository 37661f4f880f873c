import { expect, test } from 'vitest';
import { seenIn } from './Provenance';

test('a value source names the call it was seen in', () => {
  const seen_in = 'GET /conversations.list';
  expect(seenIn({ kind: 'shown', seen_in })).toBe(
    'seen in the response to GET /conversations.list',
  );
  expect(seenIn({ kind: 'created', seen_in: 'POST /notes' })).toBe(
    'created by this agent in POST /notes',
  );
  expect(seenIn({ kind: 'approved', seen_in: 'POST /send' })).toBe('approved before in POST /send');
});
