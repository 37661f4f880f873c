/** JSON formatting on tokens instead of parsed values, so that nothing is dropped or changed. */

/** Returns JSON with line breaks and indentation; null if the text is not JSON. */
export function formatJson(text: string): string | null {
  try {
    JSON.parse(text);
  } catch {
    return null;
  }
  const pieces: string[] = [];
  let depth = 0;
  const tokens = tokensOf(text);
  tokens.forEach((token, index) => {
    const next = tokens[index + 1];
    if (token === '{' || token === '[') {
      const isEmpty = next === '}' || next === ']';
      depth += 1;
      pieces.push(token, isEmpty ? '' : lineBreak(depth));
    } else if (token === '}' || token === ']') {
      depth -= 1;
      const previous = tokens[index - 1];
      pieces.push(previous === '{' || previous === '[' ? '' : lineBreak(depth), token);
    } else if (token === ',') {
      pieces.push(token, lineBreak(depth));
    } else {
      pieces.push(token, token === ':' ? ' ' : '');
    }
  });
  return pieces.join('');
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s[\]{},:"]+/gs;

function tokensOf(text: string): string[] {
  return text.match(TOKEN) ?? [];
}

/**
 * Returns each scalar of a JSON text with its JSON pointer, as written. A repeated name gives several
 * entries. Empty if the text is not JSON.
 */
export function jsonLeaves(text: string): Array<{ pointer: string; value: string }> {
  try {
    JSON.parse(text);
  } catch {
    return [];
  }
  const leaves: Array<{ pointer: string; value: string }> = [];
  // For each open object or list, the name or index of the current member.
  const path: Array<string | number> = [];
  const tokens = tokensOf(text);
  tokens.forEach((token, index) => {
    const last = path.length - 1;
    if (token === '{') path.push('');
    else if (token === '[') path.push(0);
    else if (token === '}' || token === ']') path.pop();
    else if (token === ',') {
      const place = path[last];
      if (typeof place === 'number') path[last] = place + 1;
    } else if (tokens[index + 1] === ':' && typeof path[last] === 'string') {
      path[last] = escaped(JSON.parse(token));
    } else if (token !== ':') {
      const value = token.startsWith('"') ? JSON.parse(token) : token;
      leaves.push({ pointer: path.map((part) => `/${part}`).join(''), value });
    }
  });
  return leaves;
}

/** A part of a text, from `start` to just before `end`. */
export interface Range {
  start: number;
  end: number;
}

/**
 * Returns where the value at a JSON pointer is in a JSON text. If a name is repeated, the last one
 * counts, as for most parsers. Returns null if there is no such value.
 */
export function rangeAt(text: string, pointer: string): Range | null {
  const path: Array<string | number> = [];
  let found: Range | null = null;
  // The depth at which an object or list at the pointer was opened, while it is open.
  let openedAt: number | null = null;
  let start = 0;
  const tokens = [...text.matchAll(TOKEN)];
  tokens.forEach((match, index) => {
    const [token] = match;
    const end = match.index + token.length;
    const last = path.length - 1;
    const isHere = () => path.map((part) => `/${part}`).join('') === pointer;
    if (token === '{' || token === '[') {
      if (openedAt === null && isHere()) {
        openedAt = path.length;
        start = match.index;
      }
      path.push(token === '{' ? '' : 0);
    } else if (token === '}' || token === ']') {
      path.pop();
      if (openedAt === path.length) {
        found = { start, end };
        openedAt = null;
      }
    } else if (token === ',') {
      const place = path[last];
      if (typeof place === 'number') path[last] = place + 1;
    } else if (tokens[index + 1]?.[0] === ':' && typeof path[last] === 'string') {
      path[last] = nameOf(token);
    } else if (token !== ':' && isHere()) {
      found = { start: match.index, end };
    }
  });
  return found;
}

/** Returns the name of a member as a part of a JSON pointer. */
function nameOf(token: string): string {
  try {
    return escaped(JSON.parse(token));
  } catch {
    return token;
  }
}

function escaped(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** Deeper indentation would only push the text off the page. */
const INDENT_DEPTH_MAX = 40;

function lineBreak(depth: number): string {
  return `\n${'  '.repeat(Math.min(depth, INDENT_DEPTH_MAX))}`;
}

/** Returns a part of a JSON pointer as the name that it means. */
export function unescaped(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~');
}
