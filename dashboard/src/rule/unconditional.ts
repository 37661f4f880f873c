/** Detects Allow rules that allow everything, including risky requests. */
import type { RuleEffect } from '#/client';

/** The relevant fields of a rule. */
interface Allowing {
  effect: RuleEffect;
  condition: string | null;
  text: string | null;
}

/** The variables of conditions. A condition without any of them is the same for every request. */
const VARIABLES = /\b(request|service|agent|intent|operation|now)\b/;

/**
 * Returns whether a rule allows every request of its service and agent: it has no condition, or one
 * that is always true. A description counts as a condition, because the language model applies it.
 */
export function allowsEverything({ effect, condition, text }: Allowing): boolean {
  if (effect !== 'allow') return false;
  const written = condition?.trim() ?? '';
  if (written === '') return (text?.trim() ?? '') === '';
  return isAlwaysTrue(written);
}

/**
 * Returns whether a condition is evidently always true: it has an alternative without variables, or
 * compares something with itself. The simulation finds conditions that only the data shows to be.
 */
export function isAlwaysTrue(condition: string): boolean {
  return split(stripped(condition), '||').some((alternative) =>
    split(stripped(alternative), '&&').every(isConstant),
  );
}

function isConstant(term: string): boolean {
  const text = stripped(term);
  if (split(text, '||').length > 1 || split(text, '&&').length > 1) return isAlwaysTrue(text);
  if (!VARIABLES.test(withoutStrings(text))) return !/^(false|!\s*true)$/.test(text);
  const match = /^(.*?[^=!<>])\s*(==|<=|>=)\s*([^=].*)$/s.exec(text);
  return match !== null && match[1]?.trim() === match[3]?.trim();
}

/** Removes parentheses around the whole text. */
function stripped(text: string): string {
  let inner = text.trim();
  while (inner.startsWith('(') && closing(inner) === inner.length - 1) {
    inner = inner.slice(1, -1).trim();
  }
  return inner;
}

/** Returns the offset that closes the parenthesis at the start of a text, or -1. */
function closing(text: string): number {
  let depth = 0;
  for (const { character, at } of outsideStrings(text)) {
    if (character === '(') depth += 1;
    else if (character === ')') depth -= 1;
    if (depth === 0) return at;
  }
  return -1;
}

/** Splits at an operator outside parentheses and string literals. */
function split(text: string, operator: '||' | '&&'): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (const { character, at } of outsideStrings(text)) {
    if ('([{'.includes(character)) depth += 1;
    else if (')]}'.includes(character)) depth -= 1;
    else if (depth === 0 && at >= start && text.startsWith(operator, at)) {
      parts.push(text.slice(start, at));
      start = at + 2;
    }
  }
  return [...parts, text.slice(start)];
}

function withoutStrings(text: string): string {
  return [...outsideStrings(text)].map(({ character }) => character).join('');
}

/** Yields the characters of a condition outside string literals. */
function* outsideStrings(text: string): Generator<{ character: string; at: number }> {
  let quote = '';
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] ?? '';
    if (quote !== '') {
      if (character === '\\') at += 1;
      else if (character === quote) quote = '';
    } else if (character === '"' || character === "'") quote = character;
    else yield { character, at };
  }
}
