/** Text that somebody untrusted wrote, with everything marked that the eye would miss. */

/** A piece of text: plain, or one character that is shown by its number. */
export type Segment = { text: string } | { mark: string; name: string };

// Controls, formatting, unassigned and private characters, lone surrogates, line and paragraph
// separators, what fonts ignore, every space but the common one, and stacks of combining marks.
const HIDDEN =
  /(?![\n\t])[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}|(?<=\p{M}{3})\p{M}|[\u115f\u1160\u2800\u3164\uffa0]/gu;

const NAMES: ReadonlyMap<number, string> = new Map([
  [0x00, 'null'],
  [0x0d, 'carriage return'],
  [0x1b, 'escape'],
  [0x7f, 'delete'],
  [0xa0, 'no-break space'],
  [0xad, 'soft hyphen'],
  [0x200b, 'zero-width space'],
  [0x200c, 'zero-width non-joiner'],
  [0x200d, 'zero-width joiner'],
  [0x200e, 'left-to-right mark'],
  [0x200f, 'right-to-left mark'],
  [0x202a, 'left-to-right embedding'],
  [0x202b, 'right-to-left embedding'],
  [0x202c, 'end of direction'],
  [0x202d, 'left-to-right override'],
  [0x202e, 'right-to-left override'],
  [0x2060, 'word joiner'],
  [0x2066, 'left-to-right isolate'],
  [0x2067, 'right-to-left isolate'],
  [0x2068, 'isolate'],
  [0x2069, 'end of isolate'],
  [0xfeff, 'byte order mark'],
]);

/** Splits text into what is seen and what is marked. */
export function visibleSegments(text: string): Segment[] {
  const segments: Segment[] = [];
  let end = 0;
  for (const match of text.matchAll(HIDDEN)) {
    if (match.index > end) segments.push({ text: text.slice(end, match.index) });
    const point = match[0].codePointAt(0) ?? 0;
    const number = point.toString(16).toUpperCase().padStart(4, '0');
    segments.push({ mark: `U+${number}`, name: NAMES.get(point) ?? 'invisible or unusual' });
    end = match.index + match[0].length;
  }
  if (end < text.length) segments.push({ text: text.slice(end) });
  return segments;
}

/** The same in a line of plain text, for what can hold nothing else. */
export function visibleText(text: string): string {
  return visibleSegments(text)
    .map((segment) => ('text' in segment ? segment.text : `[${segment.mark}]`))
    .join('');
}

/** Whether it holds anything that the eye would miss. */
export function hasHidden(text: string): boolean {
  return text.search(HIDDEN) >= 0;
}
