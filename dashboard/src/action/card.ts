/** The content of a request's card, and whether it is the complete request. */
import type { Action, Operation } from '#/client';
import { fold } from '#/text/fold';
import { splitTarget } from '#/text/target';
import { mainFieldsOf } from './mainFields';
import { type RequestValue, valuesOf } from './requestValues';
import { isTruncated, TARGET_CHARACTERS_MAX } from './secondPress';

/** Maximum length of a value on a card, in characters: four lines on a phone. */
const VALUE_CHARACTERS_MAX = 160;
/** Maximum length of a name on a card, in characters. */
const NAME_CHARACTERS_MAX = 40;
/** More lines than this of one value would push the others off the card. */
const VALUE_LINES_MAX = 4;
/** How much of a value is shown before the part that a signal quotes, in characters. */
const BEFORE_CHARACTERS = 40;
/** Longer descriptions are left out, because they take the space of values. */
const MEANING_CHARACTERS_MAX = 40;

/**
 * Lower-case names of headers that add nothing to the card, with the values for which that holds.
 */
const PLAIN_HEADERS: Readonly<Record<string, RegExp>> = {
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
}

/** The content of a card. */
export interface CardContent {
  values: CardValue[];
  /** Whether the card shows everything that would be sent. */
  isComplete: boolean;
}

/** Returns the card of an action. */
export function cardOf(action: Action, operation: Operation | undefined): CardContent {
  const fields = mainFieldsOf(action, operation);
  const values = fields.map((field) => ({
    name: beginning(field.name, NAME_CHARACTERS_MAX),
    value: excerptOf(field.value, quotesOf(action, field.pointer)),
    meaning:
      field.meaning !== null && field.meaning.length <= MEANING_CHARACTERS_MAX
        ? field.meaning
        : null,
  }));
  return { values, isComplete: isComplete(action, operation, fields, values) };
}

function isComplete(
  action: Action,
  operation: Operation | undefined,
  fields: readonly RequestValue[],
  values: readonly CardValue[],
): boolean {
  if (action.target_url.length > TARGET_CHARACTERS_MAX) return false;
  if (values.some(({ name, value }) => isPartial(name) || isPartial(value))) return false;
  const isPlain = Object.entries(action.request_headers).every(([name, value]) =>
    PLAIN_HEADERS[name.toLowerCase()]?.test(String(value)),
  );
  if (!isPlain || action.body_encoding !== 'utf8') return false;
  if (isTruncated(action) || action.unreadable) return false;
  if (action.request_body === '') return true;
  const bodyValues = valuesOf(action, operation).filter(({ pointer }) => pointer !== null);
  const shown = new Set(fields.map(({ pointer, value }) => `${pointer} ${value}`));
  return (
    isFlat(action, bodyValues) &&
    bodyValues.every(({ pointer, value }) => shown.has(`${pointer} ${value}`))
  );
}

/** Returns whether the values are the whole body: no nesting, nothing empty, no repeated name. */
function isFlat(action: Action, values: readonly RequestValue[]): boolean {
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

/** Returns the parts of a value that signals quote. */
function quotesOf(action: Action, pointer: string | null): string[] {
  if (pointer === null) return [];
  return action.signals
    .filter(({ evidence }) => pointer === evidence || pointer.startsWith(`${evidence}/`))
    .flatMap(({ sentence }) => [...sentence.matchAll(/“([^”]+)”/g)].map(([, quote = '']) => quote))
    .flatMap((quote) => longest(quote.split(/[…·]/)));
}

function longest(parts: readonly string[]): string[] {
  const [first = ''] = [...parts].sort((a, b) => b.length - a.length);
  return first.trim().length > 1 ? [first.trim()] : [];
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
