/** The title of a held request: what it would do. */
import type { Action } from '#/client';
import { Cut } from '#/text/Cut';
import { Visible } from '#/text/Visible';
import { headline, linesOf, type Piece, rowStarts } from './headline';

/** Longer titles without a summary are cut: they come from the documentation, and the target follows. */
const TITLE_CHARACTERS = 120;

/** The styles of the pieces. The agent chose the names and values, so they are set apart. */
const PIECES: Record<Piece['kind'], string> = {
  words: '',
  name: 'font-mono text-[0.9em] font-normal text-soft break-words',
  value: 'font-mono text-[0.95em] break-words',
};

/** Shows the headline as one text, or what would happen and a line for each value. */
export function Headline({ action, isTall = false }: { action: Action; isTall?: boolean }) {
  if (!action.summary) return <Cut text={headline(action)} length={TITLE_CHARACTERS} />;
  const lines = linesOf(action.summary.headline);
  const starts = rowStarts(lines);
  // A text keeps its lines in one row; a tall headline has a row for what would happen, and more for the details.
  const rows: Piece[][] = [];
  lines.forEach((line, index) => {
    if (index === 0 || (isTall && starts[index])) rows.push([...line]);
    else rows.at(-1)?.push(...line);
  });
  return rows.map((row, index) => (
    <span
      // biome-ignore lint/suspicious/noArrayIndexKey: two rows may be equal
      key={index}
      className={isTall && index > 0 ? 'block text-sm leading-5' : ''}
    >
      {row.map(({ text, kind }, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the same text may appear twice
        <span key={at} className={PIECES[kind]}>
          {kind === 'words' ? text : <Visible text={text} />}
        </span>
      ))}
    </span>
  ));
}
