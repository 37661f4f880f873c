/** Long texts by their two ends: what is sent last may matter most. */
import { fold } from './fold';

/** The two ends of a text, and how much is between them. */
export interface Ends {
  start: string;
  hiddenCharacters: number;
  ending: string;
}

/** The end of a text whose beginning alone is shown. */
export interface Unread {
  hiddenCharacters: number;
  ending: string;
}

/** The share of the room that the beginning has. */
const START_SHARE = 2 / 3;

/**
 * Returns a text whole if it fits into a number of lines and characters; else its beginning and its end, both cut between
 * words, with the number of characters between them.
 */
export function endsOf(
  text: string,
  linesMax: number,
  charactersMax: number,
  unread: Unread = { hiddenCharacters: 0, ending: '' },
): Ends {
  const whole = text + unread.ending;
  const isRead = unread.hiddenCharacters === 0;
  if (isRead && fold(whole, linesMax, charactersMax).hiddenCharacters === 0) {
    return { start: whole, hiddenCharacters: 0, ending: '' };
  }
  const startLines = Math.max(1, Math.floor(linesMax * START_SHARE));
  const startCharacters = Math.floor(charactersMax * START_SHARE);
  const start = fold(text, startLines, startCharacters).shown.replace(/(?<=\s\S*)\S*$/, (word) =>
    word.length > startCharacters / 3 ? word : '',
  );
  const rest = isRead ? whole.slice(start.length) : unread.ending;
  const ending = endOf(rest, Math.max(1, linesMax - startLines), charactersMax - startCharacters);
  return {
    start: start.trimEnd(),
    hiddenCharacters:
      whole.length + unread.hiddenCharacters - start.trimEnd().length - ending.length,
    ending,
  };
}

function endOf(text: string, linesMax: number, charactersMax: number): string {
  const lines = text.trimEnd().split('\n').slice(-linesMax).join('\n');
  if (lines.length <= charactersMax) return lines.trimStart();
  const cut = lines.slice(-charactersMax);
  const word = /^\S*\s/.exec(cut)?.[0].length ?? 0;
  return cut.slice(word < charactersMax / 3 ? word : 0).replace(/^[\udc00-\udfff]/, '');
}
