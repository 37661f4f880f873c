import { describe, expect, it } from 'vitest';
import type { Action, HeadlinePart } from '#/client';
import { titleOf } from './GroupRow';

const own = (text: string): HeadlinePart => ({ text, is_value: false });
const value = (text: string): HeadlinePart => ({ text, is_value: true });

const title = (...headline: HeadlinePart[]) => {
  const action = { method: 'POST', operation: null, summary: { headline } } as unknown as Action;
  return titleOf({ key: '', actions: [action] });
};

describe('the title of similar requests', () => {
  it('has the act, and no word that waits for a value', () => {
    expect(title(own('Pay '), value('€5.00'), own(' to '), value('Ann'))).toBe('Pay');
    expect(title(own('Send message to '), value('a@x'), own(': “'), value('Hi'), own('”'))).toBe(
      'Send message',
    );
    expect(title(own('Change'), own(' in '), value('a'), own('/'), value('b'))).toBe('Change');
    expect(
      title(own('Delete order '), value('7'), own(' · '), value('by'), own(' '), value('x')),
    ).toBe('Delete order');
    expect(
      title(own('Set '), value('status'), own(' of order '), value('7'), own(' to '), value('off')),
    ).toBe('Set … of order');
    expect(title()).toBe('POST');
  });
});
