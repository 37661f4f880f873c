/** The reason that an approver should read first. */
import type { Action, Signal } from '#/client';
import { isEffect } from './effect';
import { signalsOf } from './signals';

/** The end of the codes for a value that differs from the one in the intent. */
const DIFFERS = /_differs$/;

/** The codes for what the intent rules out or does not ask for, the clearest first. */
const UNASKED = [
  'intent_only_reads',
  'effect_not_asked',
  'effect_unasked',
  'also_unasked',
  'power_not_in_intent',
  'action_not_in_intent',
  'recipient_not_in_intent',
  'account_not_in_intent',
];

/**
 * The usual risk threshold. A lower one holds requests in which nothing is conspicuous.
 */
const USUAL_THRESHOLD = 0.5;

/**
 * Returns the most important reason: a contradiction between the intent and the request, a rule, the
 * strongest signal, or the explanation.
 */
export function topReasonOf(action: Action): Signal | string | null {
  const signals = signalsOf(action).filter(({ weight }) => weight > 0);
  const contradiction =
    signals.find(({ code }) => DIFFERS.test(code)) ??
    UNASKED.map((one) => signals.find(({ code }) => code === one)).find((one) => one);
  if (contradiction) return contradiction;
  const rule = action.matched_rules.find(({ effect }) => effect === 'require_approval');
  if (rule) return `The rule “${rule.name}” requires approval.`;
  if (action.risk_score < USUAL_THRESHOLD) {
    return 'Only a low risk threshold holds this: its score is below the usual one.';
  }
  // The headline says the effect already.
  const [first] = signals.filter(({ code }) => !isEffect(code)).concat(signals);
  return first ?? (action.risk_explanation || null);
}
