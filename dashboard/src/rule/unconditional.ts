/** Which Allow rules let everything pass, risky requests included. */
import type { RuleEffect } from '#/client';

/** What matters of a rule here. */
interface Allowing {
  effect: RuleEffect;
  condition: string | null;
  text: string | null;
}

/** What a condition can look at. One that names none of them is the same for every request. */
const VARIABLES = /\b(request|service|agent|intent|operation|now)\b/;

/**
 * Whether a rule allows every request of its service and agent: it has no condition, or one that is
 * always true. Words count as a condition, since the language model applies them.
 */
export function allowsEverything({ effect, condition, text }: Allowing): boolean {
  if (effect !== 'allow') return false;
  const written = condition?.trim() ?? '';
  if (written === '') return (text?.trim() ?? '') === '';
  return isAlwaysTrue(written);
}

/**
 * Whether a condition is true whatever the request is, as far as its form shows: an alternative that
 * names no variable, or a comparison of something with itself. What only the data shows is found by
 * the simulation.
 */
export function isAlwaysTrue(condition: string): boolean {
  return split(stripped(condition), '||').some((alternative) =>
    split(stripped(alternative), '&&').every(isConstant),
  );
}

function isConstant(term: string): boolean {
  const text = stripped(term);
  if (split(text, '||').length > 1 || split(text, '&&').length > 1) return isAlwaysTrue(text);
  if (!VARIABLES.test(withoutTexts(text))) return !/^(false|!\s*true)$/.test(text);
  const match = /^(.*?[^=!<>])\s*(==|<=|>=)\s*([^=].*)$/s.exec(text);
  return match !== null && match[1]?.trim() === match[3]?.trim();
}

/** Without the parentheses around all of it. */
function stripped(text: string): string {
  let inner = text.trim();
  while (inner.startsWith('(') && closing(inner) === inner.length - 1) {
    inner = inner.slice(1, -1).trim();
  }
  return inner;
}

/** Where the parenthesis that opens a text is closed. */
function closing(text: string): number {
  let depth = 0;
  for (const { character, at } of outsideTexts(text)) {
    if (character === '(') depth += 1;
    else if (character === ')') depth -= 1;
    if (depth === 0) return at;
  }
  return -1;
}

/** Splits at an operator that is in no parentheses and in no text. */
function split(text: string, operator: '||' | '&&'): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (const { character, at } of outsideTexts(text)) {
    if ('([{'.includes(character)) depth += 1;
    else if (')]}'.includes(character)) depth -= 1;
    else if (depth === 0 && at >= start && text.startsWith(operator, at)) {
      parts.push(text.slice(start, at));
      start = at + 2;
    }
  }
  return [...parts, text.slice(start)];
}

function withoutTexts(text: string): string {
  return [...outsideTexts(text)].map(({ character }) => character).join('');
}

/** The characters of a condition that are not inside a text in quotes. */
function* outsideTexts(text: string): Generator<{ character: string; at: number }> {
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
