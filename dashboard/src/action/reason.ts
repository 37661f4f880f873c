/** The reason that an approver should read first. */
import type { Action, Signal } from '#/client';
import { EFFECTS, effectOf, isEffect } from './effect';
import { signalsOf } from './signals';

/** The codes for a recipient, an account or an amount that is not the one in the intent. */
const ELSEWHERE = ['recipient_differs', 'payment_differs', 'amount_differs'];

/** The codes for an effect that the intent rules out or does not ask for, the clearest first. */
const UNASKED_EFFECT = [
  'intent_only_reads',
  'effect_not_asked',
  'effect_unasked',
  'also_unasked',
  'power_not_in_intent',
];

/** The end of the codes for any value that differs from the one in the intent. */
const DIFFERS = /_differs$/;

/** The codes for what makes a request dangerous whatever the intent says, the gravest first. */
const DANGEROUS = [
  'speaks_to_the_judge',
  'carries_secret',
  'gives_secret',
  'reads_secrets',
  'grants_admin',
  'makes_public',
  'wildcard',
  'weakens_security',
  'carries_program',
  'method_override',
  'path_override',
  'hidden_characters',
];

/** The codes for what the intent does not name, the gravest first. A word of the path comes last. */
const UNNAMED = ['account_not_in_intent', 'recipient_not_in_intent', 'action_not_in_intent'];

/** Words in the names of switches that say nothing about what they switch. */
const SWITCH_WORDS = /^(auto|enable|enabled|has|is|mode|only|required|run|the|use|with)$/;

/** Words of an intent that asks for something to be off or gone. */
const ASKS_FOR_OFF =
  /\b(no|not|never|without|off|disable\w*|deactivate\w*|remove\w*|skip\w*|stop\w*)\b/i;

/** Values of a switch that is off. */
const OFF = /^(false|0|no|off)$/i;

/** The gateway's words for everything in a collection, and those of an intent. */
const FOR_ALL = /(^| )all /;
const SELECTS_ALL = / ?\(selects all\)$/;
const ASKS_FOR_ALL = /\b(all|any|both|each|every\w*|entire\w*|whole|clear|empty)\b/i;

/** The default risk threshold. A lower one holds requests in which nothing is conspicuous. */
const DEFAULT_THRESHOLD = 0.5;

/**
 * Returns the most important reason: what makes the request dangerous, before what is only unusual about it.
 *
 * A contradiction about who gets how much comes first, then an effect that nobody asked for, then everything instead
 * of one thing, secrets and rights. A rule and the strongest signal follow.
 */
export function topReasonOf(action: Action): Signal | string | null {
  const effect = effectOf(action);
  // A word inside a name, such as `report-refunds`, may look like another effect.
  const isMisread = ({ code, evidence }: Signal) =>
    isEffect(code) && evidence === 'path' && code !== effect;
  const signals = signalsOf(action).filter((one) => one.weight > 0 && !isMisread(one));
  const firstOf = (codes: readonly string[]) =>
    codes.map((one) => signals.find(({ code }) => code === one)).find((one) => one);
  const { isIrreversible } = EFFECTS[effect];
  const contradiction =
    firstOf(ELSEWHERE) ??
    (isIrreversible ? firstOf(UNASKED_EFFECT) : undefined) ??
    signals.find(({ code }) => DIFFERS.test(code));
  const danger =
    contradiction ??
    switchedOff(action) ??
    isForAll(action) ??
    firstOf(DANGEROUS) ??
    firstOf(UNASKED_EFFECT) ??
    firstOf(UNNAMED);
  if (danger) return danger;
  const rule = action.matched_rules.find(({ effect }) => effect === 'require_approval');
  if (rule) return `The rule “${rule.name}” requires approval.`;
  // An effect that the path does not show is news to a reader of the headline.
  const hidden = signals.find(({ code, evidence }) => code === effect && evidence.startsWith('/'));
  if (hidden && isIrreversible) return hidden;
  if (action.risk_score < DEFAULT_THRESHOLD) {
    const held = 'only a risk threshold below the default holds this.';
    return isIrreversible
      ? `It ${EFFECTS[effect].word.toLowerCase()}, but ${held}`
      : `${held.charAt(0).toUpperCase()}${held.slice(1)}`;
  }
  // The headline says the effect already.
  const [first] = signals.filter(({ code }) => !isEffect(code)).concat(signals);
  return first ?? (action.risk_explanation || null);
}

/** Returns a sentence if the intent mentions what a switch of the request turns off. */
function switchedOff({ intent, summary }: Action): string | null {
  if (ASKS_FOR_OFF.test(intent)) return null;
  const asked = intent.toLowerCase().split(/[^\p{L}\p{N}]+/u);
  for (const { name, value } of summary?.facts ?? []) {
    if (!OFF.test(value)) continue;
    const words = name
      .replace(/^.*\./, '')
      .replace(/([a-z])([A-Z])/g, '$1 $2')
      .replace(/[_-]/g, ' ')
      .toLowerCase();
    const stems = words
      .split(' ')
      .filter((word) => word.length > 2 && !SWITCH_WORDS.test(word))
      .map((word) => word.replace(/(ed|e|s)$/, ''));
    if (stems.some((stem) => asked.some((word) => word.startsWith(stem)))) {
      return `“${words}” is ${value}, but the intent mentions it.`;
    }
  }
  return null;
}

/** Returns a sentence if the request is for everything and the intent is not. */
function isForAll({ intent, summary }: Action): string | null {
  if (!summary || summary.effect === 'reads' || ASKS_FOR_ALL.test(intent)) return null;
  const isSaid =
    summary.headline.some(({ text, is_value }) => !is_value && FOR_ALL.test(text)) ||
    summary.facts.some(({ value }) => SELECTS_ALL.test(value));
  return isSaid ? 'It applies to all of them, and the intent does not say so.' : null;
}
