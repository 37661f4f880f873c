import { expect, test } from 'vitest';
import { seenIn } from './Provenance';

test('a value says with which call it was seen', () => {
  const seen_in = 'GET /conversations.list';
  expect(seenIn({ kind: 'shown', seen_in })).toBe(
    'seen in the response to GET /conversations.list',
  );
  expect(seenIn({ kind: 'created', seen_in: 'POST /notes' })).toBe(
    'created by this agent with POST /notes',
  );
  expect(seenIn({ kind: 'approved', seen_in: 'POST /send' })).toBe(
    'approved before, with POST /send',
  );
});
