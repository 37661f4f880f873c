/** Marks for the invisible characters in untrusted text. */

/** A segment of text: plain text, or the mark and name of an invisible character. */
export type Segment = { text: string } | { mark: string; name: string };

// Control, format, unassigned, and private-use characters, lone surrogates, line and paragraph
// separators, default-ignorable characters, every space but U+0020, and stacked combining marks.
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
  [0x202c, 'pop directional formatting'],
  [0x202d, 'left-to-right override'],
  [0x202e, 'right-to-left override'],
  [0x2060, 'word joiner'],
  [0x2066, 'left-to-right isolate'],
  [0x2067, 'right-to-left isolate'],
  [0x2068, 'first strong isolate'],
  [0x2069, 'pop directional isolate'],
  [0xfeff, 'byte order mark'],
]);

/** This many equal marks in a row are shown as one with a count, since a text may have millions. */
const RUN_MIN = 4;

/** Splits text into visible segments and marks. */
export function visibleSegments(text: string): Segment[] {
  const segments: Segment[] = [];
  let end = 0;
  let run: { point: number; count: number } | undefined;
  const closeRun = () => {
    if (!run) return;
    const { point, count } = run;
    const mark = `U+${point.toString(16).toUpperCase().padStart(4, '0')}`;
    const name = NAMES.get(point) ?? 'invisible or unusual';
    if (count < RUN_MIN) for (let at = 0; at < count; at += 1) segments.push({ mark, name });
    else segments.push({ mark: `${mark} × ${count.toLocaleString('en')}`, name });
    run = undefined;
  };
  for (const match of text.matchAll(HIDDEN)) {
    const point = match[0].codePointAt(0) ?? 0;
    if (match.index > end || run?.point !== point) closeRun();
    if (match.index > end) segments.push({ text: text.slice(end, match.index) });
    run = { point, count: (run?.count ?? 0) + 1 };
    end = match.index + match[0].length;
  }
  closeRun();
  if (end < text.length) segments.push({ text: text.slice(end) });
  return segments;
}

/** Returns text with marks in brackets, for places that take only plain text. */
export function visibleText(text: string): string {
  return visibleSegments(text)
    .map((segment) => ('text' in segment ? segment.text : `[${segment.mark}]`))
    .join('');
}

/** Returns whether a text has invisible characters. */
export function hasHidden(text: string): boolean {
  return text.search(HIDDEN) >= 0;
}
