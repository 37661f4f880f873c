/** The reason that an approver should read first. */
import type { Action, OperationEffect, Signal } from '#/client';
import { remarksOf } from './addresses';
import { dangerOf } from './danger';
import { EFFECTS, effectOf, effectWord, isEffect } from './effect';
import { listsOf } from './items';
import { isSideAmount, isSmallestUnit, namesPerson, saysNumber } from './mentioned';
import { bodyValues } from './requestValues';
import { riskLevel } from './risk';
import { quotesOf, signalsOf } from './signals';

/** The codes for a recipient, an account or an amount that is not the one in the intent. */
const ELSEWHERE = ['recipient_differs', 'payment_differs', 'amount_differs'];

/** The codes for an effect that the intent rules out or does not ask for, the clearest first. */
const UNASKED_EFFECT = [
  'power_not_in_intent',
  'intent_only_reads',
  'effect_not_asked',
  'effect_unasked',
  'also_unasked',
];

/** The words of sentences about an effect. One about another effect than that of the request misses the danger. */
const SAID_EFFECTS: ReadonlyArray<readonly [RegExp, OperationEffect]> = [
  [/deletes or cancels something/, 'deletes'],
  [/moves money or commits/, 'pays'],
  [/changes access rights|makes something public/, 'changes_access'],
  [/runs or deploys something|runs code/, 'runs_code'],
  [/sends or shares something|sends something to/, 'shares_outside'],
  [/creates something/, 'creates'],
];

/** Names of values that only name or describe something, so that a word in them has no effect. */
const NAMES_ONLY = /\/(name|title|label|description|subject|display_?name)$/i;

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
  'statement',
  'carries_code',
  'internal_address',
  'unreadable',
  'opaque',
];

/** The weight of a statement that does more than to read. */
const STATEMENT_WEIGHT_MIN = 0.5;

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

/** Words in the names of switches that say nothing about what they switch. */
const SWITCH_WORDS = /^(auto|enable|enabled|has|is|mode|only|required|run|the|use|with)$/;

/** Names of switches. A number with another name is not switched off by being zero. */
const SWITCH =
  /(^|[ _.-])(active|allow\w*|enable\w*|has|is|must|need\w*|on|require\w*|should|use)([ _.-]|$)/i;

/** Names of codes and identifiers: a number close to one of them says nothing. */
const CODE =
  /(account|code|id|index|key|no|number|phone|port|postcode|ref|reference|type|version|year|zip)$/i;

/** A date, which is neither an account nor a recipient. */
const DATE = /^\d{4}-\d{2}-\d{2}([T ]|$)/;

/** Words of an intent that asks for something to be off or gone. */
const ASKS_FOR_OFF =
  /\b(no|not|never|without|off|disable\w*|deactivate\w*|remove\w*|skip\w*|stop\w*)\b/i;

/** The first words of an intent that asks for information. An intent with another beginning asks to do something. */
const BEGINS_TO_READ =
  /^(please |just |only )*(are|browse|can|check|count|describe|display|download|export|fetch|find|get|how|inspect|is|list|look|monitor|preview|query|read|retrieve|review|search|see|show|summari[sz]e|view|watch|what|when|where|which|who|why)\b/i;

/** The beginnings of the months' names. */
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** Values of a switch that is off. */
const OFF = /^(false|0|no|off)$/i;

/** The gateway's words for everything in a collection, and those of an intent. */
const FOR_ALL = /(^| )all /;
const SELECTS_ALL = / ?\(selects all\)$/;
const ASKS_FOR_ALL = /\b(all|any|both|each|every\w*|entire\w*|whole|clear|empty)\b/i;

/** Names of dates on which something begins. */
const STARTS = /start|begin|from|valid_?(after|since)/i;

/** Names of telephone numbers. */
const PHONE = /fax|mobile|phone|\btel/i;

/** Codes for rights, which a word for the kind of something may look like. */
const KIND_OF_RIGHT = new Set([
  'grants_admin',
  'power_not_in_intent',
  'changes_access',
  'effect_unasked',
  'effect_not_asked',
  'also_unasked',
  'action_not_in_intent',
]);

/** The default risk threshold. A lower one holds requests in which nothing is conspicuous. */
const DEFAULT_THRESHOLD = 0.5;

/**
 * Returns the most important reason: what makes the request dangerous, before what is only unusual about it.
 *
 * A contradiction about who gets how much comes first, then an effect that nobody asked for, then everything instead
 * of one thing, secrets and rights. A rule and the strongest signal follow.
 */
export function topReasonOf(action: Action): Signal | string | null {
  const { danger, signals } = findingOf(action);
  return danger ?? firstOf(signals, UNNAMED) ?? otherReason(action, signals);
}

/** Returns whether a request has a danger that its approver should see first. */
export function isDangerous(action: Action): boolean {
  const { danger, signals } = findingOf(action);
  // A high score that no value explains is that of any such request, and the headline says it.
  return danger !== null || (isHigh(action) && signals.some(({ code }) => UNNAMED.includes(code)));
}

/** Returns whether a request has a high score, and not because of a value that was misread. */
export function isHigh(action: Action): boolean {
  return riskLevel(action.risk_score) === 'high' && !findingOf(action).isMisread;
}

/** The findings in a request. */
interface Found {
  /** The gravest danger; null if there is none. */
  danger: Signal | string | null;
  /** The signals that do not misread the request, the strongest first. */
  signals: readonly Signal[];
  /** Whether signals were left out because they misread a value. */
  isMisread: boolean;
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
  const all = signalsOf(action).map((one) => ofOddItem(action, ofOutlier(action, one)));
  const counted = all.filter(({ weight }) => weight > 0);
  const sensible = counted.filter((one) => !namesNoRecipient(one) && !isSenseless(action, one));
  const signals = sensible.filter(
    (one) =>
      !isMisread(one) &&
      !isAboutOther(action, one, effect) &&
      !(one.code === 'statement' && one.weight < STATEMENT_WEIGHT_MIN),
  );
  const { isIrreversible } = EFFECTS[effect];
  const isOfMoney = (one: Signal) =>
    one.code !== 'amount_differs' || effect === 'pays' || isAmount(action, one);
  const elsewhere = ELSEWHERE.map((one) =>
    signals.find((signal) => signal.code === one && isOfMoney(signal)),
  ).find((one) => one);
  const contradiction =
    elsewhere ??
    (isIrreversible ? firstOf(signals, UNASKED_EFFECT) : undefined) ??
    signals.find((one) => DIFFERS.test(one.code) && isOfMoney(one));
  const danger =
    looksAlike(action) ??
    action.signals.find(({ code }) => code.startsWith('danger')) ??
    contradiction ??
    dangerOf(action) ??
    switchedOff(action) ??
    isForAll(action) ??
    firstOf(signals, DANGEROUS) ??
    firstOf(signals, UNASKED_EFFECT) ??
    inHeader(action) ??
    null;
  return { danger, signals, isMisread: sensible.length < counted.length };
}

/** Returns the reason for holding a request without a danger: a rule, an effect, a threshold, or what is unusual. */
function otherReason(action: Action, signals: readonly Signal[]): Signal | string | null {
  const effect = effectOf(action);
  const { isIrreversible } = EFFECTS[effect];
  const rule = action.matched_rules.find(({ effect }) => effect === 'require_approval');
  if (rule) return `The rule “${rule.name}” requires approval.`;
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
    .filter(({ code }) => !isEffect(code) && !WEAK.has(code))
    .concat(signals.filter(({ code }) => code === effect))
    .concat(signals);
  return first ?? (action.risk_explanation || null);
}

/** Returns whether a signal is about an effect that the request does not have, by a word of its path or of a name. */
function isAboutOther(
  { summary }: Action,
  { code, evidence, sentence }: Signal,
  effect: OperationEffect,
): boolean {
  if (!UNASKED_EFFECT.includes(code) || code === 'power_not_in_intent') return false;
  // A tag or an event may be called like a payment. Without an amount, nothing is paid.
  const hasAmount = summary?.facts.some(({ kind }) => kind === 'amount') ?? true;
  if (/moves money/.test(sentence) && effect !== 'pays' && !hasAmount) return true;
  if (evidence.startsWith('/') && !NAMES_ONLY.test(evidence)) return false;
  const said = SAID_EFFECTS.find(([words]) => words.test(sentence))?.[1];
  return said !== undefined && said !== effect && !(said === 'creates' && effect === 'changes');
}

/** Returns whether a signal takes the sender, or a part of a postal address, for a recipient. */
function namesNoRecipient({ code, evidence }: Signal): boolean {
  return RECEIVES.test(code) && evidence.split('/').some((name) => RECEIVES_NOTHING.test(name));
}

/** Returns whether a signal points to an amount of money: a number of replicas is not one. */
function isAmount({ summary }: Action, { evidence }: Signal): boolean {
  const facts = summary?.facts ?? [];
  const own = facts.find(({ location }) => location === `body${evidence}`);
  return own === undefined || own.kind === 'amount';
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
    ? `The header “${fact.name}: ${fact.value}” decides for whom it is done, but the intent does not mention it.`
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

/** Returns a reason about an amount of a list as one about the only item that differs from the others. */
function ofOddItem(action: Action, reason: Signal): Signal {
  if (!/^amount_/.test(reason.code) || effectOf(action) !== 'pays') return reason;
  const list = listsOf(action).find(({ location }) =>
    `body${reason.evidence}`.startsWith(`${location}/`),
  );
  const [odd, other] = list?.items.filter(({ is_odd }) => is_odd) ?? [];
  if (!list || !odd || other) return reason;
  const [who = ''] = odd.line
    .map(({ text }) => text)
    .join('')
    .split(' · ');
  return {
    ...reason,
    evidence: odd.location.slice('body'.length),
    sentence: `One of the ${list.count} items differs from the others: ${who}.`,
  };
}

/**
 * Returns whether a reason misreads a value: a code for a number, a date for an account, or an intent that names what the
 * request does for one that only reads.
 */
function isSenseless(action: Action, signal: Signal): boolean {
  const { intent, summary } = action;
  const { code, evidence } = signal;
  const quotes = quotesOf(signal);
  if (quotes.some((quote) => namesPerson(action, quote) || saysNumber(intent, quote))) return true;
  // A telephone number is not an account, and only a message goes to it.
  const isMessage = summary?.effect === 'shares_outside';
  if (/^(account|recipient)_/.test(code) && PHONE.test(evidence) && !isMessage) return true;
  if (/^amount_|^number_differs$/.test(code) && isSideAmount(action, evidence)) return true;
  if (code === 'number_differs' && isSmallestUnit(action, evidence)) return true;
  if (code === 'wildcard' && /ports?(range)?$/i.test(evidence)) return true;
  // The kind of an author is not a right.
  if (KIND_OF_RIGHT.has(code) && /\/(author_?|sender_?|user_?)?type$/i.test(evidence))
    return summary?.effect !== 'changes_access';
  if (/date/.test(code) && quotesOf(signal).some((quote) => saysDay(intent, quote))) return true;
  const [date] = /\d{4}-\d{2}-\d{2}/.exec(signal.sentence) ?? [];
  if (/date/.test(code) && date && saysDay(intent, date)) return true;
  // Something that begins today begins when it is asked for.
  if (/date/.test(code) && STARTS.test(evidence) && date === action.created_at.slice(0, 10))
    return true;
  if (code === 'number_differs') return CODE.test(evidence.replace(/^.*\//, ''));
  if (/^(account|recipient)_not_in_intent$/.test(code)) {
    return quotesOf(signal).some((quote) => DATE.test(quote));
  }
  if (code !== 'intent_only_reads') return false;
  const [first] = summary?.headline ?? [];
  const verb =
    first && !first.is_value ? (first.text.trim().split(' ')[0] ?? '').toLowerCase() : '';
  const asked = intent.toLowerCase().split(/[^\p{L}]+/u);
  return (verb !== '' && asked.includes(verb)) || !BEGINS_TO_READ.test(intent);
}

/** Returns whether an intent names the day and the month of a date in words: `21 and 22 December`. */
function saysDay(intent: string, date: string): boolean {
  const [, year, month = '', day = ''] = /^(\d{4})-(\d{2})-(\d{2})/.exec(date) ?? [];
  const name = MONTHS[Number(month) - 1];
  if (year === undefined || name === undefined) return false;
  const years: readonly string[] = intent.match(/\b(19|20)\d{2}\b/g) ?? [];
  if (years.length > 0 && !years.includes(year)) return false;
  const says = (word: string) => new RegExp(`\\b${word}`, 'i').test(intent);
  return says(name) && says(`0?${Number(day)}(st|nd|rd|th|\\.)?(?!\\d)`);
}

/** Returns a sentence if the intent mentions what a switch of the request turns off. */
function switchedOff({ intent, summary }: Action): string | null {
  if (ASKS_FOR_OFF.test(intent)) return null;
  const asked = intent.toLowerCase().split(/[^\p{L}\p{N}]+/u);
  for (const { name, value } of summary?.facts ?? []) {
    if (!OFF.test(value) || (value === '0' && !SWITCH.test(name.replace(/^.*\./, '')))) continue;
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
