/** Where the text that a signal points to is in a body. */
import type { Signal } from '#/client';
import { type Range, rangeAt } from '#/text/json';
import { pointsToBody, quotesOf } from './signals';

/** Longer bodies are not searched: a key press must not freeze the page. */
const SEARCHED_CHARACTERS_MAX = 1_000_000;

/**
 * Returns the part of a body that a signal points to: the text that it quotes, else the whole value.
 * Returns null if the signal does not point to the body, or the body has no such value.
 */
export function evidenceIn(text: string, signal: Signal): Range | null {
  if (!pointsToBody(signal) || text.length > SEARCHED_CHARACTERS_MAX) return null;
  const value = rangeAt(text, signal.evidence);
  const within = value ?? { start: 0, end: text.length };
  return quoteIn(text, within, quotesOf(signal)) ?? value;
}

function quoteIn(text: string, { start, end }: Range, quotes: readonly string[]): Range | null {
  const lower = text.slice(start, end).toLowerCase();
  for (const quote of quotes) {
    // In JSON, quotes and line breaks are escaped.
    for (const spelled of [quote, JSON.stringify(quote).slice(1, -1)]) {
      const at = lower.indexOf(spelled.toLowerCase());
      // Lower case may have another length.
      if (at >= 0 && lower.length === end - start) {
        return { start: start + at, end: start + at + spelled.length };
      }
    }
  }
  return null;
}
