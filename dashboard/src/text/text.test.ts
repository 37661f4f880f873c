import { describe, expect, it } from 'vitest';
import { fold } from './fold';
import { formatJson } from './json';
import { splitTarget } from './target';
import { duration, timeAgo, timeLeft } from './time';
import { hasHidden, visibleSegments } from './visible';

describe('untrusted text', () => {
  it('is unchanged if all of it is visible', () => {
    const text = 'Überweisung 50 €\n\tдля 王, <b>"x"</b> {{y}}';
    expect(visibleSegments(text)).toEqual([{ text }]);
    expect(hasHidden(text)).toBe(false);
  });

  it.each([
    ['\u202e', 'U+202E'],
    ['\u2066', 'U+2066'],
    ['\u200b', 'U+200B'],
    ['\ufeff', 'U+FEFF'],
    ['\u0000', 'U+0000'],
    ['\r', 'U+000D'],
    ['\u001b', 'U+001B'],
    ['\u0085', 'U+0085'],
    ['\u2028', 'U+2028'],
    ['\u00ad', 'U+00AD'],
    ['\u00a0', 'U+00A0'],
    ['\u3000', 'U+3000'],
    ['\u3164', 'U+3164'],
    ['\u2800', 'U+2800'],
    ['\ufe0f', 'U+FE0F'],
    ['\u{e0041}', 'U+E0041'],
    ['\ud800', 'U+D800'],
  ])('shows %j as a mark', (hidden, mark) => {
    const segments = visibleSegments(`a${hidden}b`);
    expect(segments).toEqual([{ text: 'a' }, expect.objectContaining({ mark }), { text: 'b' }]);
    expect(hasHidden(`a${hidden}b`)).toBe(true);
  });

  it('shows a long run of the same character as one mark with its length', () => {
    const run = visibleSegments(`a${'\u200b'.repeat(1_000_000)}\u200d`);
    expect(run).toEqual([
      { text: 'a' },
      expect.objectContaining({ mark: 'U+200B × 1,000,000' }),
      expect.objectContaining({ mark: 'U+200D' }),
    ]);
  });

  it('does not let combining marks stack over other lines', () => {
    const segments = visibleSegments(`a${'\u0301'.repeat(5)}`);
    expect(segments.filter((segment) => 'mark' in segment)).toHaveLength(2);
  });
});

describe('folding', () => {
  it('counts the hidden part and loses nothing', () => {
    const text = Array.from({ length: 10 }, (_, line) => `line ${line}`).join('\n');
    const { shown, hiddenLines, hiddenCharacters } = fold(text, 4, 1000);
    expect(shown.split('\n')).toHaveLength(5);
    expect(hiddenLines).toBe(6);
    expect(shown.length + hiddenCharacters).toBe(text.length);
  });

  it('cuts a long line, but no surrogate pair', () => {
    const { shown, hiddenCharacters, hiddenLines } = fold(`ab${'😀'.repeat(10)}`, 5, 3);
    expect(shown).toBe('ab');
    expect(hiddenCharacters).toBe(20);
    expect(hiddenLines).toBe(1);
  });

  it('hides nothing of a short text', () => {
    expect(fold('a\nb\n', 2, 10)).toEqual({ shown: 'a\nb\n', hiddenLines: 0, hiddenCharacters: 0 });
    expect(fold('', 2, 10).hiddenLines).toBe(0);
  });
});

describe('formatted JSON', () => {
  it('keeps duplicate members, order, escapes and the spelling of numbers', () => {
    const text = '{"b":1.50,"a":1e3,"a":[ ],"s":"x,{\\"\\u202e"}';
    expect(formatJson(text)).toBe(
      '{\n  "b": 1.50,\n  "a": 1e3,\n  "a": [],\n  "s": "x,{\\"\\u202e"\n}',
    );
  });

  it('is null for other text', () => {
    expect(formatJson('{"a":1')).toBeNull();
    expect(formatJson('a=1&b=2')).toBeNull();
  });
});

describe('a URL', () => {
  it('is split without being changed', () => {
    const target = splitTarget('https://a.example:8443/x/%2e/y?amount=5%30&to=a+b&bad=%zz');
    expect(target.origin).toBe('https://a.example:8443');
    expect(target.path).toBe('/x/%2e/y');
    expect(target.query).toEqual([
      { raw: 'amount=5%30', decoded: 'amount=50' },
      { raw: 'to=a+b', decoded: 'to=a b' },
      { raw: 'bad=%zz', decoded: 'bad=%zz' },
    ]);
  });
});

describe('time', () => {
  it('is shown in its two largest units', () => {
    expect(duration(820)).toBe('820 ms');
    expect(duration(59_900)).toBe('59 s');
    expect(duration(3_600_000 + 120_000)).toBe('1 h 2 min');
    expect(duration(86_400_000)).toBe('1 d');
  });

  it('counts down', () => {
    const now = Date.parse('2030-01-01T00:00:00Z');
    expect(timeLeft('2030-01-01T00:01:30Z', now)).toBe('Expires in 1 min 30 s');
    expect(timeLeft('2030-01-01T23:59:59Z', now)).toBe('Expires in 23 h');
    expect(timeLeft('2030-01-03T23:00:00Z', now)).toBe('Expires in 2 d');
    expect(timeLeft('2029-12-31T23:59:59Z', now)).toBe('Expired');
    expect(timeLeft(null, now)).toBe('No expiry');
  });

  it('a time ago is in its largest unit', () => {
    const now = Date.parse('2030-01-02T12:00:00Z');
    expect(timeAgo('2030-01-02T11:59:58Z', now)).toBe('just now');
    expect(timeAgo('2030-01-02T11:59:20Z', now)).toBe('40 s ago');
    expect(timeAgo('2030-01-02T11:58:30Z', now)).toBe('1 min ago');
    expect(timeAgo('2030-01-02T09:30:00Z', now)).toBe('2 h ago');
    expect(timeAgo('2029-12-31T11:00:00Z', now)).toBe('2 d ago');
  });
});
