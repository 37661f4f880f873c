/** The facts next to a headline: which of them, and by which names. */
import type { RequestFact, RequestSummary } from '#/client';
import { plainText } from '#/text/markdown';
import { linesOf, SEPARATOR } from './headline';

/** Longer descriptions are left out, because they take the space of values. */
const MEANING_CHARACTERS_MAX = 40;

/** Returns the description of a fact, if it is short and still true. */
export function meaningOf({ kind, name, value, meaning }: RequestFact): string | null {
  // A formatted amount is no longer "in cents".
  if (kind === 'amount' && !/^-?[\d.]+$/.test(value)) return null;
  const text = plainText(meaning ?? '');
  if (text === '' || text.length > MEANING_CHARACTERS_MAX) return null;
  // “The record” says no more than “dns_records”.
  const known = new Set(wordsOf(`${name} ${value}`));
  return wordsOf(text).every((word) => known.has(word)) ? null : text;
}

/** Words of a description that say nothing by themselves. */
const EMPTY_WORDS = /^(a|an|id|identifier|its|name|number|of|reference|the|this|unique|value)$/;

/** Returns the words of a text in the singular, without those that say nothing. */
function wordsOf(text: string): string[] {
  return text
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '' && !EMPTY_WORDS.test(word))
    .map((word) => word.replace(/(ies|s)$/, (ending) => (ending === 'ies' ? 'y' : '')));
}

/** Returns the facts that the headline does not already show in full; a described one says more. */
export function factsBeyond({ headline, facts }: RequestSummary): RequestFact[] {
  const rest = new Set(facts);
  for (const line of linesOf(headline)) {
    const label = letters(line.find(({ kind }) => kind === 'name')?.text ?? '');
    for (const { kind, text } of line) {
      // A line of the gateway's own words is a fact too, such as that an amount is missing.
      const isNote = kind === 'words' && line.length === 1 && text.startsWith(SEPARATOR);
      if (kind !== 'value' && !isNote) continue;
      const value = isNote ? text.slice(SEPARATOR.length) : text;
      // One place in the headline shows one fact, so that two fields with the same value are not one.
      const same = [...rest].filter(
        (fact) => fact.value === value && !fact.is_cut && meaningOf(fact) === null,
      );
      const shown = same.find(({ name }) => letters(name).includes(label)) ?? same[0];
      if (shown) rest.delete(shown);
    }
  }
  // The values of a list stay together.
  const names = new Set(Array.from(rest, ({ name }) => name));
  return facts.filter(({ name }) => names.has(name));
}

/** Returns the letters and digits of a name: the headline separates its words by spaces. */
function letters(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
}

/** Names that say nothing without the one before, or that are an identifier themselves. */
const INCOMPLETE = /^(.|id|key|name|names|type|value|code|text|data|attributes|node|sys)$|\d/i;

/** Facts with the same name, such as the elements of a list. */
export interface Named {
  /** The name; its last parts are enough if they say what it is and no other name ends with them. */
  short: string;
  /** The name in the request. */
  full: string;
  facts: RequestFact[];
}

/** Returns facts by their names. */
export function byName(facts: readonly RequestFact[]): Named[] {
  const named = new Map<string, RequestFact[]>();
  for (const fact of facts) named.set(fact.name, [...(named.get(fact.name) ?? []), fact]);
  const names = [...named.keys()];
  return Array.from(named, ([full, ofName]) => ({
    short: labelOf(shortest(full, names), ofName),
    full,
    facts: ofName,
  }));
}

/** Returns the name of values; that of an object in the path is the collection's, in the singular. */
function labelOf(short: string, facts: readonly RequestFact[]): string {
  if (facts[0]?.location !== 'path' || !/[a-z]{3,}s$/.test(short)) return short;
  if (/(ss|us|is|news|series)$/.test(short)) return short;
  return short.replace(/(ies|(?<=x|ch|sh|ss)es|s)$/, (end) => (end === 'ies' ? 'y' : ''));
}

function shortest(name: string, all: readonly string[]): string {
  const parts = name.split('.');
  for (let from = parts.length - 1; from > 0; from -= 1) {
    const end = parts.slice(from).join('.');
    const isUnique = all.every((other) => other === name || !`.${other}`.endsWith(`.${end}`));
    if (isUnique && !INCOMPLETE.test(parts[from] ?? '')) return end;
  }
  return name;
}
