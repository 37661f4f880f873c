import { expect, it } from 'vitest';
import { readWritten } from './useNotes';

const NOTHING = { notes: {}, denyingId: null };

it.each([
  ['{"notes":{"a":"Not today."},"denyingId":"a"}', { notes: { a: 'Not today.' }, denyingId: 'a' }],
  ['{"notes":{},"denyingId":null}', NOTHING],
  ['{"notes":{"a":1},"denyingId":null}', NOTHING],
  ['{"notes":null,"denyingId":null}', NOTHING],
  ['{"notes":{},"denyingId":7}', NOTHING],
  ['null', NOTHING],
  ['not JSON', NOTHING],
  [null, NOTHING],
])('%s keeps %j', (text, written) => {
  expect(readWritten(text)).toEqual(written);
});
