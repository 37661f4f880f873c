/** The values on a request's card, and whether they are the complete request. */
import type { Action, RequestFact } from '#/client';
import { fold } from '#/text/fold';
import { splitTarget } from '#/text/target';
import { currencySymbol } from './currency';
import { byName, factsBeyond, meaningOf } from './facts';
import { isTruncated, TARGET_CHARACTERS_MAX } from './friction';
import { bodyValues } from './requestValues';
import { quotesOf } from './signals';

/** Maximum length of a value on a card, in characters: four lines on a phone. */
const VALUE_CHARACTERS_MAX = 160;
/** Maximum length of a name on a card, in characters. */
const NAME_CHARACTERS_MAX = 40;
/** More lines than this of one value would push the others off the card. */
const VALUE_LINES_MAX = 4;
/** How much of a value is shown before the part that a signal quotes, in characters. */
const BEFORE_CHARACTERS = 40;
/**
 * Lower-case names of headers that add nothing to the card, with the values for which that holds.
 */
export const PLAIN_HEADERS: Readonly<Record<string, RegExp>> = {
  accept: /^(\*\/\*|application\/json)$/i,
  'accept-encoding': /^[a-z, ]*$/i,
  'content-type': /^application\/(json|x-www-form-urlencoded)(; *charset=utf-8)?$/i,
  'user-agent': /^/,
};

/** Part of a text. */
export interface Excerpt {
  text: string;
  isCutBefore: boolean;
  isCutAfter: boolean;
}

/** A value as the card shows it. */
export interface CardValue {
  name: Excerpt;
  value: Excerpt;
  /** The documented description, if it is short. */
  meaning: string | null;
  /** Whether it is free text, which must not read like the name of an object. */
  isQuoted: boolean;
}

/** The content of a card. */
export interface CardContent {
  values: CardValue[];
  /** The values that the headline does not show. */
  valuesBeyond: CardValue[];
  /** Whether the card shows everything that would be sent. */
  isComplete: boolean;
}

/** Caches cards by action: a list of thousands renders often. */
const cache = new WeakMap<Action, CardContent>();

/** Returns the card of an action. Its summary alone chooses the values. */
export function cardOf(action: Action): CardContent {
  const known = cache.get(action);
  if (known) return known;
  const leaves = new Map(bodyValues(action).map(({ pointer, value }) => [pointer, value]));
  // The target on the card shows the path.
  const facts = (action.summary?.facts ?? []).filter(({ location }) => location !== 'path');
  const short = new Map(byName(facts).map((named) => [named.full, named.short]));
  const values = facts.map((fact) => ({
    name: beginning(short.get(fact.name) ?? fact.name, NAME_CHARACTERS_MAX),
    value: shownValue(action, fact, leaves),
    meaning: meaningOf(fact),
    isQuoted: fact.kind === 'content',
  }));
  const beyond = new Set(action.summary ? factsBeyond(action.summary) : []);
  const content = {
    values,
    valuesBeyond: values.filter((_, at) => facts[at] && beyond.has(facts[at])),
    isComplete: isComplete(action, facts, values),
  };
  cache.set(action, content);
  return content;
}

/** Returns the JSON pointer of a fact; null if it is not in the body. */
export function pointerOf({ location }: RequestFact): string | null {
  return location.startsWith('body') ? location.slice('body'.length) : null;
}

function shownValue(
  action: Action,
  fact: RequestFact,
  leaves: ReadonlyMap<string, string>,
): Excerpt {
  const pointer = pointerOf(fact);
  // The summary has at most the beginning of a value; the part that matters may come later.
  const whole = fact.is_cut && pointer !== null ? leaves.get(pointer) : fact.value;
  if (whole === undefined) {
    return { ...beginning(fact.value, VALUE_CHARACTERS_MAX), isCutAfter: true };
  }
  const quotes = action.signals.flatMap((signal) =>
    pointer === signal.evidence || pointer?.startsWith(`${signal.evidence}/`)
      ? quotesOf(signal)
      : [],
  );
  return excerptOf(whole, quotes);
}

function isComplete(
  action: Action,
  facts: readonly RequestFact[],
  values: readonly CardValue[],
): boolean {
  if (action.target_url.length > TARGET_CHARACTERS_MAX) return false;
  if (values.some(({ name, value }) => isPartial(name) || isPartial(value))) return false;
  if (!hasPlainHeaders(action) || action.body_encoding !== 'utf8') return false;
  if (isTruncated(action) || action.unreadable) return false;
  if (action.request_body === '') return true;
  const leaves = bodyValues(action);
  return isFlat(action, leaves) && leaves.every((leaf) => isShown(leaf, leaves, facts));
}

/** Returns whether a request has no headers but those that say nothing. */
export function hasPlainHeaders(action: Action): boolean {
  return Object.entries(action.request_headers).every(([name, value]) =>
    PLAIN_HEADERS[name.toLowerCase()]?.test(String(value)),
  );
}

/** A value of the body. */
type Leaf = ReturnType<typeof bodyValues>[number];

function isShown(leaf: Leaf, leaves: readonly Leaf[], facts: readonly RequestFact[]): boolean {
  const fact = facts.find((one) => pointerOf(one) === leaf.pointer);
  // An amount is formatted for people.
  if (fact) return fact.kind === 'amount' || fact.is_cut || fact.value === leaf.value;
  return isShownCurrency(leaf, leaves, facts);
}

/** Returns whether a value is the only currency of a request, and part of each of its amounts. */
export function isShownCurrency(
  leaf: Leaf,
  leaves: readonly Leaf[],
  facts: readonly RequestFact[],
): boolean {
  const isCurrency = ({ pointer }: Leaf) => /currency/i.test(pointer);
  if (!isCurrency(leaf) || leaves.filter(isCurrency).length > 1) return false;
  const code = leaf.value.toUpperCase();
  const amounts = facts.filter(({ kind }) => kind === 'amount');
  return (
    /^[A-Z]{3}$/.test(code) &&
    amounts.length > 0 &&
    amounts.every(
      ({ value }) => value.includes(code) || value.startsWith(currencySymbol(code) ?? '\0'),
    )
  );
}

/** Returns whether the values are the whole body: no nesting, nothing empty, no repeated name. */
function isFlat(action: Action, values: readonly Leaf[]): boolean {
  if (values.length === 0 || values.some(({ value }) => value === '')) return false;
  if (new Set(values.map(({ pointer }) => pointer)).size !== values.length) return false;
  try {
    const body = JSON.parse(action.request_body);
    const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
    const members = isObject ? Object.values(body) : [];
    return (
      members.length === values.length &&
      members.every((member) => typeof member !== 'object' || member === null)
    );
  } catch {
    // A form: the names and values are all there is.
    return true;
  }
}

function isPartial({ isCutBefore, isCutAfter }: Excerpt): boolean {
  return isCutBefore || isCutAfter;
}

/** Returns the quoted part of a value, or its beginning if nothing is quoted. */
export function excerptOf(value: string, quotes: readonly string[]): Excerpt {
  const lower = value.toLowerCase();
  const places = quotes.map((quote) => lower.indexOf(quote.toLowerCase())).filter((at) => at >= 0);
  const from = Math.max(0, Math.min(...places, value.length) - BEFORE_CHARACTERS);
  const isLate = places.length > 0 && value.length > VALUE_CHARACTERS_MAX && from > 0;
  if (!isLate) return beginning(value, VALUE_CHARACTERS_MAX);
  const start = startOfCharacter(value, from);
  return { ...beginning(value.slice(start), VALUE_CHARACTERS_MAX), isCutBefore: start > 0 };
}

function beginning(text: string, charactersMax: number): Excerpt {
  const { shown, hiddenCharacters } = fold(text, VALUE_LINES_MAX, charactersMax);
  return { text: shown, isCutBefore: false, isCutAfter: hiddenCharacters > 0 };
}

/** Moves an offset to the start of a surrogate pair, so that the pair is not split. */
function startOfCharacter(text: string, at: number): number {
  return /[\udc00-\udfff]/.test(text[at] ?? '') ? at - 1 : at;
}

/** Returns the path and query that identify the target on a card. */
export function targetOf(action: Action): string {
  const { path, rawQuery } = splitTarget(action.target_url);
  return rawQuery === '' ? path : `${path}?${rawQuery}`;
}
