import { describe, expect, it } from 'vitest';
import { endsOf } from './ends';

describe('a text', () => {
  it('that fits is whole', () => {
    expect(endsOf('a short one', 3, 40)).toEqual({
      start: 'a short one',
      hiddenCharacters: 0,
      ending: '',
    });
  });

  it('that is too long has its two ends, cut between words, and says how much is missing', () => {
    const text = `We write to you about the lease. ${'It is a fine house. '.repeat(20)}Leave by Friday or else.`;
    const { start, hiddenCharacters, ending } = endsOf(text, 5, 90);
    expect(text.startsWith(start)).toBe(true);
    expect(text.endsWith(ending)).toBe(true);
    expect(ending).toContain('Leave by Friday or else.');
    expect(start.length + hiddenCharacters + ending.length).toBe(text.length);
    expect(text[start.length]).toBe(' ');
  });

  it('of many lines has the last of them', () => {
    const lines = Array.from({ length: 40 }, (_, at) => `line ${at}`).join('\n');
    const { start, ending } = endsOf(lines, 6, 400);
    expect(start.startsWith('line 0\nline 1')).toBe(true);
    expect(ending.endsWith('line 39')).toBe(true);
  });

  it('of which only the beginning was read counts what follows', () => {
    const unread = { hiddenCharacters: 500, ending: 'and the end.' };
    const { start, hiddenCharacters, ending } = endsOf('The beginning', 5, 90, unread);
    expect(ending).toBe('and the end.');
    expect(start.length + hiddenCharacters + ending.length).toBe(13 + 500 + 12);
  });
});
