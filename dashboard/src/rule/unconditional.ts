/** Detects Allow rules that allow everything, including risky requests. */
import type { RuleEffect } from '#/client';
import { split, stripped, withoutStrings } from './cel';

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
function isAlwaysTrue(condition: string): boolean {
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
