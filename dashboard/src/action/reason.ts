/** The reason that an approver should read first. */
import type { Action, Signal } from '#/client';
import { remarksOf } from './addresses';
import { dangerOf } from './danger';
import { EFFECTS, effectOf, effectWord, isEffect } from './effect';
import { namesPerson, saysNumber } from './mentioned';
import { bodyValues } from './requestValues';
import { quotesOf, signalsOf } from './signals';

/** The codes for a recipient, an object, or a means of payment other than the one that the intent names. */
const CONTRADICTIONS = ['recipient_differs', 'identifier_differs', 'payment_differs'];

/** Codes that say little about the danger: a word of the path, or that there is an amount. */
const WEAK = new Set([
  'beneath_effect',
  'object_not_in_intent',
  'gives_amount',
  'names_payment',
  'may_have_effect',
  'changes',
]);

/** Names of those who pay. */
const PAYER = /(^|[._-])(dbtr|debt|debit|source|sender|payer|from|origin|funding)/i;

/** The codes for what makes a request dangerous whatever the intent says, the gravest first. */
const DANGEROUS = [
  'speaks_to_the_judge',
  'carries_secret',
  'gives_secret',
  'reads_secrets',
  'grants_admin',
  'makes_public',
  'wildcard',
  'carries_program',
  'method_override',
  'path_override',
  'hidden_characters',
  'internal_address',
  'unreadable',
];

/** The weight of a statement that does more than to read. */
const STATEMENT_WEIGHT_MIN = 0.5;

/** Codes for comparisons that a rule comes before: they are often about a total, a default, or a word of the path. */
const COMPARISONS =
  /_differs$|_unasked$|^(effect_not_asked|intent_only_reads|weakens_security|number_not_in_intent)$/;

/** Codes for who gets something. */
const RECEIVES = /^(recipient|attendee|address)_/;

/** Names of those who send something, and of parts of a postal address: nothing goes to them by themselves. */
const RECEIVES_NOTHING =
  /^(from|sender|shipper|consignor|source|origin|originator|author|reply_?to|return_?(to|path)|debtor|payer|street|address_?(line)?_?\d*|line_?\d|house_?(no|number)|city|town|state|region|province|country|zip|zip_?code|postal_?code|postcode)$/i;

/** The codes for what the intent does not name, the gravest first. A word of the path comes last. */
const UNNAMED = [
  'account_not_in_intent',
  'recipient_not_in_intent',
  'attendee_not_in_intent',
  'link_not_in_intent',
  'action_not_in_intent',
];

/** A date, which is neither an account nor a recipient. */
const DATE = /^\d{4}-\d{2}-\d{2}([T ]|$)/;

/** The gateway's words for everything in a collection, and those of an intent. */
const FOR_ALL = /(^| )all /;
const SELECTS_ALL = / ?\(selects all\)$/;
const ASKS_FOR_ALL = /\b(all|any|both|each|every\w*|entire\w*|whole|clear|empty)\b/i;

/** Names of telephone numbers. */
const PHONE = /fax|mobile|phone|\btel/i;

/** The default risk threshold. A lower one holds requests in which nothing is conspicuous. */
const DEFAULT_THRESHOLD = 0.5;

/**
 * Returns the most important reason: what makes the request dangerous, before what is only unusual about it.
 *
 * The danger that the gateway names comes first, then secrets and rights, then a rule. A value that the
 * intent does not name follows, because it often has another spelling there.
 */
export function topReasonOf(action: Action): Signal | string | null {
  const { danger, signals } = findingOf(action);
  return danger ?? ruleOf(action) ?? firstOf(signals, UNNAMED) ?? otherReason(action, signals);
}

/** Returns whether a request has a danger that its approver should see first, whatever its score. */
export function isDangerous(action: Action): boolean {
  return findingOf(action).danger !== null;
}

/** Returns the signals for values that the intent does not name, or names differently. */
export function unexpectedOf(action: Action): Signal[] {
  return findingOf(action).signals.filter(
    ({ code }) => UNNAMED.includes(code) || CONTRADICTIONS.includes(code),
  );
}

/** The findings in a request. */
interface Found {
  /** The gravest danger; null if there is none. */
  danger: Signal | string | null;
  /** The signals that do not misread the request, the strongest first. */
  signals: readonly Signal[];
}

const cache = new WeakMap<Action, Found>();

function findingOf(action: Action): Found {
  const known = cache.get(action);
  if (known) return known;
  const found = findDanger(action);
  cache.set(action, found);
  return found;
}

function firstOf(signals: readonly Signal[], codes: readonly string[]): Signal | undefined {
  return codes.map((one) => signals.find(({ code }) => code === one)).find((one) => one);
}

function findDanger(action: Action): Found {
  const effect = effectOf(action);
  // A word inside a name, such as `report-refunds`, may look like another effect.
  const isMisread = ({ code, evidence }: Signal) =>
    isEffect(code) && evidence === 'path' && code !== effect;
  const signals = signalsOf(action)
    .map((one) => ofOutlier(action, one))
    .filter(
      (one) =>
        one.weight > 0 &&
        !namesNoRecipient(one) &&
        !isSenseless(action, one) &&
        !isMisread(one) &&
        !(one.code === 'statement' && one.weight < STATEMENT_WEIGHT_MIN),
    );
  const danger =
    looksAlike(action) ??
    dangerOf(action) ??
    firstOf(signals, CONTRADICTIONS) ??
    firstOf(signals, DANGEROUS) ??
    isForAll(action) ??
    inHeader(action) ??
    null;
  return { danger, signals };
}

/** Returns a sentence about the rule that holds a request; null if no rule does. */
function ruleOf({ matched_rules }: Action): string | null {
  const rule = matched_rules.find(({ effect }) => effect === 'require_approval');
  return rule ? `The rule “${rule.name}” requires approval.` : null;
}

/** Returns the reason for holding a request without a danger or a rule: an effect, a threshold, or what is unusual. */
function otherReason(action: Action, signals: readonly Signal[]): Signal | string | null {
  const effect = effectOf(action);
  const { isIrreversible } = EFFECTS[effect];
  // An effect that the path does not show is news to a reader of the headline.
  const hidden = signals.find(({ code, evidence }) => code === effect && evidence.startsWith('/'));
  if (hidden && isIrreversible) return hidden;
  if (action.risk_score < DEFAULT_THRESHOLD) {
    const held = 'held only because the risk threshold is lower than the default.';
    return isIrreversible
      ? `It ${effectWord(action).toLowerCase()}, but is ${held}`
      : `${held.charAt(0).toUpperCase()}${held.slice(1)}`;
  }
  // The headline says the effect already.
  const [first] = signals
    .filter(({ code }) => !isEffect(code) && !WEAK.has(code) && !COMPARISONS.test(code))
    .concat(signals.filter(({ code }) => code === effect))
    .concat(signals);
  return first ?? (action.risk_explanation || null);
}

/** Returns whether a signal takes the sender, or a part of a postal address, for a recipient. */
function namesNoRecipient({ code, evidence }: Signal): boolean {
  return RECEIVES.test(code) && evidence.split('/').some((name) => RECEIVES_NOTHING.test(name));
}

/** Returns a sentence about an address that looks like another one. */
function looksAlike(action: Action): string | null {
  const [first] = remarksOf(action);
  return first ? `“${first.address}” ${first.text}.` : null;
}

/** Returns a sentence about a header that gives access, or that acts for somebody else. */
function inHeader({ intent, summary }: Action): string | null {
  const fact = summary?.facts.find(
    ({ kind, location, value }) =>
      kind === 'access' && location.startsWith('header/') && !intent.includes(value),
  );
  return fact
    ? `The header “${fact.name}: ${fact.value}” determines on whose behalf it is done, but the intent does not mention it.`
    : null;
}

/**
 * Returns a reason about the recipient that differs most from the others of its list, who is the first fact, or about
 * the account that gets the money instead of the one that pays.
 */
function ofOutlier({ intent, summary }: Action, reason: Signal): Signal {
  const facts = summary?.facts ?? [];
  const isAccount = reason.code === 'account_not_in_intent';
  const [quote] = quotesOf(reason);
  const own = facts.find(({ location, value }) =>
    isAccount ? value === quote : location === `body${reason.evidence}`,
  );
  const isParty = /^(recipient|attendee)_/.test(reason.code);
  if (!own || !(isAccount ? PAYER.test(own.name) : isParty)) return reason;
  const other = facts.find(
    ({ kind, name, value, is_cut }) =>
      !is_cut &&
      !intent.includes(value) &&
      (isAccount ? kind === 'account' && !PAYER.test(name) : name === own.name),
  );
  if (!other || other === own || !other.location.startsWith('body')) return reason;
  return {
    ...reason,
    evidence: other.location.slice('body'.length),
    sentence: isAccount
      ? `The intent does not mention the account “${other.value}”.`
      : `It ${reason.code.startsWith('attendee_') ? 'adds' : 'goes to'} “${other.value}”, whom the intent does not mention.`,
  };
}

/** Returns whether a reason misreads a value: a person named otherwise, a port for a host, or a date for an account. */
function isSenseless(action: Action, signal: Signal): boolean {
  const { intent, summary } = action;
  const { code, evidence } = signal;
  const quotes = quotesOf(signal);
  if (quotes.some((quote) => namesPerson(action, quote) || saysNumber(intent, quote))) return true;
  // A telephone number is not an account, and only a message goes to it.
  const isMessage = summary?.effect === 'shares_outside';
  if (/^(account|recipient)_/.test(code) && PHONE.test(evidence) && !isMessage) return true;
  if (code === 'wildcard' && /ports?(range)?$/i.test(evidence)) return true;
  return (
    /^(account|recipient)_not_in_intent$/.test(code) && quotes.some((quote) => DATE.test(quote))
  );
}

/** Returns the sentence of a reason, with an amount as the facts have it: `€18,400.00` instead of `1840000`. */
export function sentenceOf(action: Action, signal: Signal): string {
  const { evidence } = signal;
  const [quote = ''] = quotesOf(signal);
  // A telephone number is not a person.
  const isNumber = /^[+\d][\d\s()./-]*$/.test(quote);
  const sentence = isNumber
    ? signal.sentence.replace(', whom the', ', which the')
    : signal.sentence;
  const fact = action.summary?.facts.find(
    ({ kind, location }) => kind === 'amount' && location === `body${evidence}`,
  );
  const raw = fact && bodyValues(action).find(({ pointer }) => pointer === evidence)?.value;
  if (!fact || !raw || !/^\d+$/.test(raw) || fact.value === raw) return sentence;
  return sentence.replace(new RegExp(`(?<![\\d.,])${raw}(?![\\d]|[.,]\\d)`), fact.value);
}

/** Returns a sentence if the request is for everything and the intent is not. */
function isForAll({ intent, summary }: Action): string | null {
  if (!summary || summary.effect === 'reads') return null;
  const isOpen = summary.headline.some(
    ({ text, is_value }) => !is_value && text.includes('(no WHERE'),
  );
  if (isOpen) return 'The statement has no condition, so it applies to every row.';
  if (ASKS_FOR_ALL.test(intent)) return null;
  const isSaid =
    summary.headline.some(({ text, is_value }) => !is_value && FOR_ALL.test(text)) ||
    summary.facts.some(({ value }) => SELECTS_ALL.test(value));
  return isSaid ? 'It applies to all items, but the intent does not say so.' : null;
}
