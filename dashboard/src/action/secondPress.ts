/** Why an approval takes a second, deliberate press. */
import type { Action } from '#/client';
import { fold } from '#/text/fold';
import { hasHidden } from '#/text/visible';
import { stakeOf } from './stake';

/** Approving a request with this score or higher takes a second press. */
const SECOND_PRESS_SCORE = 0.7;

/** How many lines of a body are shown before the rest is folded. */
export const BODY_LINES_MAX = 60;
/** How many characters of a body are shown before the rest is folded. */
export const BODY_CHARACTERS_MAX = 6_000;

/** How many characters of a target are shown before the rest is folded. */
export const TARGET_CHARACTERS_MAX = 240;

/** Caches the reasons by action, so that a body of ten megabytes is scanned once. */
const cache = new WeakMap<Action, readonly string[]>();

/** Returns the reasons for a second press; empty if one press is enough. */
export function reasonsForSecondPress(action: Action): readonly string[] {
  const reasons = cache.get(action) ?? findReasons(action);
  cache.set(action, reasons);
  return reasons;
}

/** Returns whether this is only the beginning of a request, as in lists. */
export function isTruncated(action: Action): boolean {
  return action.body_truncated || action.headers_truncated;
}

function findReasons(action: Action): string[] {
  const reasons: string[] = [];
  if (action.risk_score >= SECOND_PRESS_SCORE) reasons.push('high risk');
  if (isTruncated(action)) reasons.push('long, folded body');
  else if (action.body_encoding === 'base64') reasons.push('binary body');
  else {
    const { hiddenCharacters } = fold(action.request_body, BODY_LINES_MAX, BODY_CHARACTERS_MAX);
    if (hiddenCharacters > 0) reasons.push('long, folded body');
    if (hasHidden(action.request_body)) reasons.push('invisible characters in the body');
  }
  if (action.target_url.length > TARGET_CHARACTERS_MAX) reasons.push('long, folded target');
  const stake = stakeOf(action);
  if (stake) reasons.push(stake.verb === 'Pay' ? 'payment' : 'deletion');
  return reasons;
}
