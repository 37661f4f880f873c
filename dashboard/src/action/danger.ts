/**
 * The dangers of a request that a reader of its intent would not expect. The gateway finds and words them, so that the
 * dashboard, the API, and every notification give the same first reason.
 */
import type { Action, Signal } from '#/client';

/** The codes of the dangers. */
const DANGER = /^danger(_|$)/;

/** Returns the dangers, the gravest first. */
export function dangersOf({ signals }: Pick<Action, 'signals'>): Signal[] {
  return signals.filter(({ code }) => DANGER.test(code));
}

/** Returns the gravest danger; null if there is no danger. */
export function dangerOf(action: Pick<Action, 'signals'>): Signal | null {
  return dangersOf(action)[0] ?? null;
}
