/** The title of a request. */
import type { HeadlinePart, OperationRef, RequestSummary } from '#/client';
import { splitTarget } from '#/text/target';

/** A piece of a headline: the gateway's words, the name of a value, or a value. */
export interface Piece {
  text: string;
  kind: 'words' | 'name' | 'value';
}

/** The separator between the title and a value. */
export const SEPARATOR = ' · ';

/** The beginning of a line: a value, or the text that is sent. */
const LINE = /^ (· |“$)/;
const BEFORE_LINE = /(?= · )|(?= “$)/;

/** The words between a name and its value: none, a quotation mark, or where the values of a list are. */
const AFTER_NAME = /^ (“|in |\d+ × )?$/;

/** Returns what the request would do; without a summary, the operation's, or else the method and path. */
export function headline(request: {
  summary?: RequestSummary | null;
  operation: OperationRef | null;
  method: string;
  target_url: string;
}): string {
  if (request.summary) return request.summary.headline.map(({ text }) => text).join('');
  return request.operation?.summary ?? `${request.method} ${splitTarget(request.target_url).path}`;
}

/** Returns the lines of a headline: what would happen, then a value in each. */
export function linesOf(parts: readonly HeadlinePart[]): Piece[][] {
  const lines: Piece[][] = [[]];
  for (const { text, is_value } of parts) {
    // A value is never split: the agent may have written a separator itself.
    const pieces = is_value ? [text] : text.split(BEFORE_LINE);
    for (const piece of pieces) {
      // A text that follows its name stays next to it; one that is sent follows a colon.
      const isNamed = piece.endsWith('“') && !lines.at(-1)?.at(-1)?.text.endsWith(':');
      if (!is_value && LINE.test(piece) && !isNamed) lines.push([]);
      lines.at(-1)?.push({ text: piece, kind: is_value ? 'value' : 'words' });
    }
  }
  for (const [separator, name, space, value] of lines.slice(1)) {
    if (name === undefined || separator?.text !== SEPARATOR || !AFTER_NAME.test(space?.text ?? ''))
      continue;
    if (name.kind === 'value' && value?.kind === 'value') name.kind = 'name';
  }
  return lines;
}

/** How many characters of details fit on one line of a phone. */
const ROW_CHARACTERS = 38;

/** Returns which lines begin a row: short details share one, so that a long headline leaves room for the facts. */
export function rowStarts(lines: ReadonlyArray<readonly Piece[]>): boolean[] {
  let taken = ROW_CHARACTERS;
  return lines.map((line, index) => {
    if (index === 0) return false;
    const length = line.reduce((sum, { text }) => sum + text.length, 0);
    const begins = taken + length > ROW_CHARACTERS;
    taken = begins ? length : taken + length;
    return begins;
  });
}
