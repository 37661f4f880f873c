/** Splits the text of CEL conditions without parsing them. */

/** Removes parentheses around the whole text. */
export function stripped(text: string): string {
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
export function split(text: string, operator: '||' | '&&'): string[] {
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

/** Removes string literals. */
export function withoutStrings(text: string): string {
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
