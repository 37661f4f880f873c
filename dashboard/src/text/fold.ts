/** Folding of long text. */

/** The beginning of a text, and the size of the rest. */
export interface Folded {
  shown: string;
  hiddenLines: number;
  hiddenCharacters: number;
}

/** Cuts text at a maximum number of lines or characters, whichever comes first. */
export function fold(text: string, linesMax: number, charactersMax: number): Folded {
  let end = 0;
  for (let lines = 0; lines < linesMax; lines += 1) {
    const next = text.indexOf('\n', end);
    if (next < 0 || next >= charactersMax) {
      end = next < 0 ? text.length : charactersMax;
      break;
    }
    end = next + 1;
  }
  end = Math.min(end, charactersMax, text.length);
  // A surrogate pair is not split.
  if (end < text.length && /[\ud800-\udbff]/.test(text[end - 1] ?? '')) end -= 1;
  const hidden = text.slice(end);
  return {
    shown: text.slice(0, end),
    hiddenCharacters: hidden.length,
    hiddenLines: hidden === '' ? 0 : countLines(hidden),
  };
}

function countLines(text: string): number {
  let lines = text.endsWith('\n') ? 0 : 1;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines += 1;
  return lines;
}
