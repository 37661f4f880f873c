/** The reason that an approver should read first. */
import type { Action, Signal } from '#/client';
import { effectOf, isEffect } from './effect';
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

/** The default risk threshold. A lower one holds requests in which nothing is conspicuous. */
const DEFAULT_THRESHOLD = 0.5;

/**
 * Returns the most important reason: a contradiction between the intent and the request, a rule, the
 * strongest signal, or the explanation.
 */
export function topReasonOf(action: Action): Signal | string | null {
  // A word inside a name, such as `report-refunds`, may look like another effect.
  const isMisread = ({ code, evidence }: Signal) =>
    isEffect(code) && evidence === 'path' && code !== effectOf(action);
  const signals = signalsOf(action).filter((one) => one.weight > 0 && !isMisread(one));
  const contradiction =
    signals.find(({ code }) => DIFFERS.test(code)) ??
    UNASKED.map((one) => signals.find(({ code }) => code === one)).find((one) => one);
  if (contradiction) return contradiction;
  const rule = action.matched_rules.find(({ effect }) => effect === 'require_approval');
  if (rule) return `The rule “${rule.name}” requires approval.`;
  if (action.risk_score < DEFAULT_THRESHOLD) {
    return 'Only a risk threshold below the default holds this.';
  }
  // The headline says the effect already.
  const [first] = signals.filter(({ code }) => !isEffect(code)).concat(signals);
  return first ?? (action.risk_explanation || null);
}
