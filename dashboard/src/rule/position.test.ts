import { describe, expect, it } from 'vitest';
import { spanAt } from './position';

describe('the position of an error', () => {
  const text = 'request.boddy == 1 &&\n"😀" == service.nam';
  const marked = (line: number, column: number) => {
    const { from, to } = spanAt(text, line, column);
    return text.slice(from, to);
  };

  it('is a whole word', () => expect(marked(1, 9)).toBe('boddy'));
  it('is a single operator character', () => expect(marked(1, 15)).toBe('='));
  it('counts characters, not code units', () => expect(marked(2, 16)).toBe('nam'));
  it('is the last character if it is beyond the end', () => expect(marked(1, 22)).toBe('&'));
  it('is inside the text for any line and column', () => {
    for (const line of [0, 1, 2, 99]) {
      for (const column of [0, 1, 99]) {
        const { from, to } = spanAt(text, line, column);
        expect(from).toBeGreaterThanOrEqual(0);
        expect(to).toBeGreaterThanOrEqual(from);
        expect(to).toBeLessThanOrEqual(text.length);
      }
    }
  });
});
