/** What makes an approval one that must not happen by a slip of the finger. */
import type { Action } from '#/client';
import { fold } from '#/text/fold';
import { hasHidden } from '#/text/visible';
import { stakeOf } from './stake';

/** From this score on approving needs a second press. */
const SECOND_PRESS_SCORE = 0.7;

/** How much of a body is shown before the rest is folded. */
export const BODY_LINES_MAX = 60;
/** The same in characters. */
export const BODY_CHARACTERS_MAX = 6_000;

/** How much of a target is named above the decision before the rest is folded, in characters. */
export const TARGET_CHARACTERS_MAX = 240;

/** What was found about an action; a body of ten megabytes is looked through once. */
const known = new WeakMap<Action, readonly string[]>();

/** Why approving this needs a second press; nothing if it does not. */
export function reasonsForSecondPress(action: Action): readonly string[] {
  const reasons = known.get(action) ?? weigh(action);
  known.set(action, reasons);
  return reasons;
}

/** Whether this is only the beginning of a request, as lists show it. */
export function isTruncated(action: Action): boolean {
  return action.body_truncated || action.headers_truncated;
}

function weigh(action: Action): string[] {
  const reasons: string[] = [];
  if (action.risk_score >= SECOND_PRESS_SCORE) reasons.push('its risk is high');
  if (isTruncated(action)) reasons.push('its body is long and folded');
  else if (action.body_encoding === 'base64') reasons.push('its body cannot be inspected');
  else {
    const { hiddenCharacters } = fold(action.request_body, BODY_LINES_MAX, BODY_CHARACTERS_MAX);
    if (hiddenCharacters > 0) reasons.push('its body is long and folded');
    if (hasHidden(action.request_body)) reasons.push('its body holds invisible characters');
  }
  if (action.target_url.length > TARGET_CHARACTERS_MAX)
    reasons.push('its target is long and folded');
  const stake = stakeOf(action);
  if (stake) reasons.push(stake.verb === 'Pay' ? 'it pays' : 'it deletes');
  return reasons;
}
