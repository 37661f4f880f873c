/** How deliberate an approval has to be: the more a request can harm, the more it takes. */
import type { Action, OperationEffect } from '#/client';
import { fold } from '#/text/fold';
import { hasHidden } from '#/text/visible';
import { remarksOf } from './addresses';
import { EFFECTS, effectOf } from './effect';
import { withLineBreaks } from './formats';
import { isDangerous } from './reason';
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
  ['carries_program', 'contains code'],
  ['statement', 'contains a database statement'],
  ['speaks_to_the_judge', 'contains instructions for the reviewer'],
  ['grants_admin', 'grants access'],
  ['wildcard', 'grants access'],
  ['makes_public', 'grants access'],
  ['power_not_in_intent', 'grants access'],
  ['runs_code', 'changes what runs or responds'],
  ['carries_secret', 'sends a secret'],
  ['gives_secret', 'sends a secret'],
  ['reads_secrets', 'reads secrets'],
  ['method_override', 'overrides the method'],
  ['path_override', 'overrides the path'],
]);

/** Signals that something leaves for where the intent does not send it. */
const ELSEWHERE = new Set([
  'recipient_differs',
  'recipient_not_in_intent',
  'attendee_not_in_intent',
  'address_not_in_intent',
  'link_not_in_intent',
]);

/** Signals that nobody can read what a request contains. */
const OPAQUE = new Set(['opaque', 'unreadable', 'wrapped_too_deep']);

/** A statement with a lower weight only reads. */
const STATEMENT_WEIGHT_MIN = 0.5;

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
  if (isDangerous(action)) reasons.push('danger');
  if (isTruncated(action)) reasons.push('long body (folded)');
  else if (action.body_encoding === 'base64') reasons.push('binary body');
  else {
    const { hiddenCharacters } = fold(action.request_body, BODY_LINES_MAX, BODY_CHARACTERS_MAX);
    if (hiddenCharacters > 0) reasons.push('long body (folded)');
    if (hasHidden(withLineBreaks(action.request_body)))
      reasons.push('invisible characters in the body');
  }
  if (action.target_url.length > TARGET_CHARACTERS_MAX) reasons.push('long target (folded)');
  const stake = stakeOf(action);
  if (stake)
    reasons.push(
      stake.verb === 'Pay' ? 'payment' : stake.word === 'Delete' ? 'deletion' : 'cannot be undone',
    );
  const add = (reason: string | undefined) => {
    if (reason && !reasons.includes(reason)) reasons.push(reason);
  };
  const effect = effectOf(action);
  add(CAREFUL[effect]);
  if (remarksOf(action).length > 0) add('address that looks like another one');
  const decides = action.summary?.facts.some(
    ({ kind, location }) => kind === 'access' && location.startsWith('header/'),
  );
  if (decides) add('header that affects access');
  for (const { code, weight } of action.signals) {
    const isReading = code === 'statement' && weight < STATEMENT_WEIGHT_MIN;
    // The effect says it already, or the word in the path is that of another one.
    const isEffect = code === 'runs_code' && (effect === 'runs_code' || weight === 0);
    if (!isReading && !isEffect) add(SUSPICIOUS.get(code));
    if (effect === 'shares_outside' && ELSEWHERE.has(code)) add('sends data to others');
    if (EFFECTS[effect].isIrreversible && OPAQUE.has(code)) add('body that cannot be inspected');
  }
  return reasons;
}
