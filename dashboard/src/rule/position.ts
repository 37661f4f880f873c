/** Maps error positions from the gateway to offsets in a text. */

/** A part of a text, in UTF-16 code units. */
export interface Span {
  from: number;
  to: number;
}

/**
 * Returns the word or character at a line and a column. Both count from 1; columns count
 * characters.
 */
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
  // Beyond the end, the last character is marked, so that the error is visible.
  return { from: Math.max(start, from - 1), to: from };
}
