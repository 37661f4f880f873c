/** Truncated untrusted text. */
import { fold } from './fold';
import { Visible } from './Visible';

/**
 * Shows the beginning of a text, with an ellipsis and optionally the number of hidden characters.
 */
export function Cut({
  text,
  length,
  lines = 1,
  isCounted = false,
}: {
  text: string;
  /** The maximum, in characters. */
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
