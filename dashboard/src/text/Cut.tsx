/** The beginning of untrusted text. */
import { fold } from './fold';
import { Visible } from './Visible';

/** At most so much of a text; what is cut off ends with dots, and is counted where that is wanted. */
export function Cut({
  text,
  length,
  lines = 1,
  isCounted = false,
}: {
  text: string;
  /** In characters. */
  length: number;
  lines?: number;
  isCounted?: boolean;
}) {
  const { shown, hiddenCharacters } = fold(text, lines, length);
  return (
    <>
      <Visible text={shown} />
      {hiddenCharacters > 0 &&
        (isCounted ? ` … (${hiddenCharacters.toLocaleString('en')} more characters)` : '…')}
    </>
  );
}
