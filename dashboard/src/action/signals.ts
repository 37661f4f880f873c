/** The reasons for which a request was held. */
import type { Action, Signal } from '#/client';

/** Returns the signals that raised the score, the strongest first, then the others. */
export function signalsOf(action: Action): Signal[] {
  return action.signals.toSorted((one, other) => other.weight - one.weight);
}

/** Returns the parts of a request that a signal quotes in its sentence, the longest piece of each. */
export function quotesOf({ sentence }: Signal): string[] {
  return [...sentence.matchAll(/“([^”]+)”/g)].flatMap(([, quote = '']) =>
    longest(quote.split(/[…·]/)),
  );
}

/** Returns whether a signal points to a place in the body: its evidence is a JSON pointer. */
export function pointsToBody({ evidence }: Signal): boolean {
  return evidence.startsWith('/');
}

function longest(parts: readonly string[]): string[] {
  const [first = ''] = parts.toSorted((one, other) => other.length - one.length);
  return first.trim().length > 1 ? [first.trim()] : [];
}
