import { expect, it } from 'vitest';
import { reached } from './reached';

it.each([
  [200, true, 'responded with 200.'],
  [204, true, 'responded with 204.'],
  [302, false, 'Check the path and the credential.'],
  [401, false, 'Check the credential.'],
  [403, false, 'Check the credential.'],
  [404, false, 'Check the path.'],
  [500, false, 'Check the path and the credential.'],
])('%i is good: %s', (status, isGood, text) => {
  expect(reached(status).isGood).toBe(isGood);
  expect(reached(status).text).toContain(text);
  expect(reached(status).text).toContain(String(status));
});
