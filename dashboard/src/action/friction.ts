/** How deliberate an approval has to be: the more a request can harm, the more it takes. */
import type { Action, OperationEffect } from '#/client';
import { fold } from '#/text/fold';
import { hasHidden } from '#/text/visible';
import { effectOf } from './effect';
import { riskLevel } from './risk';
import { stakeOf } from './stake';

/**
 * How a request is approved: by one press, by holding a button for a second, or by confirming the
 * target that is deleted or paid.
 */
export type Friction = 'press' | 'hold' | 'target';

/** How many lines of a body are shown before the rest is folded. */
export const BODY_LINES_MAX = 60;
/** How many characters of a body are shown before the rest is folded. */
export const BODY_CHARACTERS_MAX = 6_000;

/** How many characters of a target are shown before the rest is folded. */
export const TARGET_CHARACTERS_MAX = 240;

/** Effects that always take more than one press, with the reason. */
const CAREFUL: Partial<Record<OperationEffect, string>> = {
  changes_access: 'changes access',
  runs_code: 'runs code',
};

/** Signals that always take more than one press, by their codes, with the reason. */
const SUSPICIOUS: ReadonlyMap<string, string> = new Map([
  ['carries_code', 'contains code'],
  ['speaks_to_the_judge', 'contains instructions to the reviewer'],
]);

/** Caches the reasons by action, so that a body of ten megabytes is scanned once. */
const cache = new WeakMap<Action, readonly string[]>();

/** Returns how a request is approved. */
export function frictionOf(action: Action): Friction {
  if (stakeOf(action)) return 'target';
  return reasonsForFriction(action).length > 0 ? 'hold' : 'press';
}

/** Returns the reasons why one press is not enough; empty if it is. */
export function reasonsForFriction(action: Action): readonly string[] {
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
  if (riskLevel(action.risk_score) === 'high') reasons.push('high risk');
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
  const careful = CAREFUL[effectOf(action)];
  if (careful) reasons.push(careful);
  for (const { code } of action.signals) {
    const suspicious = SUSPICIOUS.get(code);
    if (suspicious && !reasons.includes(suspicious)) reasons.push(suspicious);
  }
  return reasons;
}
