/** JSON laid out for reading, without reading it into values: nothing is dropped or respelled. */

/** The same JSON with line breaks and indents; null if it is none. */
export function layOutJson(text: string): string | null {
  try {
    JSON.parse(text);
  } catch {
    return null;
  }
  const pieces: string[] = [];
  let depth = 0;
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s[\]{},:"]+/gs) ?? [];
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

/** Beyond this depth further indents would only push the text off the page. */
const INDENT_DEPTH_MAX = 40;

function lineBreak(depth: number): string {
  return `\n${'  '.repeat(Math.min(depth, INDENT_DEPTH_MAX))}`;
}
