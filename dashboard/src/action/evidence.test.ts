import { describe, expect, it } from 'vitest';
import { formatJson } from '#/text/json';
import { evidenceIn } from './evidence';

const signal = (evidence: string, sentence = 'It runs.') => ({
  code: 'runs_code',
  weight: 0.3,
  evidence,
  sentence,
});

const marked = (text: string, evidence: string, sentence?: string) => {
  const range = evidenceIn(text, signal(evidence, sentence));
  return range && text.slice(range.start, range.end);
};

describe('the evidence of a signal', () => {
  const body = '{"a/b":[{"cell":"import os\\nos.system(\\"ls\\")"},{"cell":"x"}],"n":1.50,"n":2}';

  it('is the value at its pointer, in the raw and in the formatted text', () => {
    for (const text of [body, formatJson(body) ?? '']) {
      expect(marked(text, '/a~1b/1/cell')).toBe('"x"');
      expect(marked(text, '/n')).toBe('2');
      expect(marked(text, '/a~1b/1')?.replace(/\s/g, '')).toBe('{"cell":"x"}');
      expect(marked(text, '/a~1b/2')).toBeNull();
    }
  });

  it('is only the part that the sentence quotes', () => {
    expect(marked(body, '/a~1b/0/cell', 'It runs “OS.system(”.')).toBe('os.system(');
    expect(marked(body, '/a~1b/0/cell', 'It runs “system("ls")”.')).toBe('system(\\"ls\\")');
    expect(marked(body, '/a~1b/1/cell', 'It runs “os.system(”.')).toBe('"x"');
    expect(marked('to=a%40b&memo=pay now', '/memo', 'It says “pay now”.')).toBe('pay now');
  });

  it('is nothing outside the body', () => {
    expect(marked(body, 'path')).toBeNull();
    expect(marked(body, '')).toBeNull();
  });
});
