import { describe, expect, it } from 'vitest';
import { EMPTY_RULE } from './draft';
import { readDraft } from './useDraft';

describe('a kept draft', () => {
  it('is read back', () => {
    const draft = { ...EMPTY_RULE, name: 'Payments', effect: 'deny', serviceId: 3 } as const;
    expect(readDraft(JSON.stringify(draft))).toEqual(draft);
  });

  it.each([
    null,
    '',
    'null',
    '[]',
    JSON.stringify({ ...EMPTY_RULE, effect: 'launch' }),
    JSON.stringify({ ...EMPTY_RULE, serviceId: '3' }),
    JSON.stringify({ ...EMPTY_RULE, enabled: undefined }),
  ])('is ignored if it is %s', (text) => {
    expect(readDraft(text)).toBeNull();
  });
});
