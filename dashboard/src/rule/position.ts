/** From where the gateway says a fault is to where that is in a text. */

/** A part of a text, in the units of strings. */
export interface Span {
  from: number;
  to: number;
}

/** The word or character at a line and a column; both count from 1, columns in characters. */
export function spanAt(text: string, line: number, column: number): Span {
  const lines = text.split('\n');
  const at = Math.min(Math.max(line, 1), lines.length) - 1;
  const start = lines.slice(0, at).reduce((sum, before) => sum + before.length + 1, 0);
  const characters = [...(lines[at] ?? '')];
  const before = characters.slice(0, Math.max(column, 1) - 1).join('').length;
  const from = start + before;
  const rest = (lines[at] ?? '').slice(before);
  const word = /^\w+/.exec(rest)?.[0] ?? characters[column - 1] ?? '';
  if (word !== '') return { from, to: from + word.length };
  // Beyond the end: the last character is marked, so that something is.
  return { from: Math.max(start, from - 1), to: from };
}
