/** What the documentation says of the values in a request. */
import type { Action, Operation } from '#/client';
import { jsonLeaves } from '#/text/json';
import { splitTarget } from '#/text/target';

/** A value of the request. */
export interface RequestValue {
  /** Where it stands: a name, or the parts of a pointer into the body. */
  name: string;
  /** The JSON pointer into the body; null for what stands elsewhere. */
  pointer: string | null;
  /** As it stands in the request. */
  value: string;
  /** What the documentation says of it. */
  meaning: string | null;
}

/** A value of the request with its documented meaning. */
export interface DocumentedValue extends RequestValue {
  meaning: string;
}

/** Longer bodies are not looked through. */
const BODY_CHARACTERS_MAX = 200_000;
/** Longer paths are not matched: the time grows with the square of the length. */
const PATH_CHARACTERS_MAX = 2_000;
/** More meanings than this are not read by anyone. */
const MEANINGS_MAX = 40;

/** The values that have a documented meaning: of the path, the query and the body, in that order. */
export function meaningsOf(action: Action, operation: Operation): DocumentedValue[] {
  return valuesOf(action, operation)
    .filter((value): value is DocumentedValue => value.meaning !== null)
    .slice(0, MEANINGS_MAX);
}

/**
 * The values of a request: of the path as far as it is documented, of the query and of the body, in
 * that order.
 */
export function valuesOf(action: Action, operation: Operation | undefined): RequestValue[] {
  const { path, query } = splitTarget(action.target_url);
  const parameters = operation?.parameters ?? [];
  const found: RequestValue[] = [];
  for (const name of namesInPath(operation)) {
    const value = pathValue(path, operation?.path ?? '', name);
    const known = parameters.find((one) => one.place === 'path' && one.name === name);
    const meaning = known?.description || null;
    if (value !== null) found.push({ name, pointer: null, value, meaning });
  }
  for (const { decoded } of query) {
    const [name = '', ...rest] = decoded.split('=');
    const known = parameters.find((one) => one.place === 'query' && one.name === name);
    const meaning = known?.description || null;
    found.push({ name, pointer: null, value: rest.join('='), meaning });
  }
  const descriptions = new Map(
    operation?.fields.map(({ pointer, description }) => [pointer, description]),
  );
  for (const { pointer, value } of bodyValues(action)) {
    const general = pointer.replace(/\/\d+(?=\/|$)/g, '/*');
    const meaning = descriptions.get(pointer) ?? descriptions.get(general);
    const name = pointer.slice(1).replaceAll('/', '.');
    found.push({ name, pointer, value, meaning: meaning || null });
  }
  return found;
}

/** The names that stand in braces in an operation's path, from the left. */
export function namesInPath(operation: Operation | undefined): string[] {
  return Array.from(operation?.path.matchAll(/\{([^{}]*)\}/g) ?? [], ([, name = '']) => name);
}

/**
 * The part of a path for a name in braces; the path may begin before the template. A part that spans
 * slashes is found too: many APIs take whole file paths where the document says `{path}`.
 */
function pathValue(path: string, template: string, name: string): string | null {
  if (!template.includes(`{${name}}`) || path.length > PATH_CHARACTERS_MAX) return null;
  for (const spanning of ['[^/]+', '.+']) {
    const pattern = template
      .split(/(\{[^{}]*\})/)
      .map((part) => {
        if (part === `{${name}}`) return `(?<value>${spanning})`;
        return /^\{.*\}$/.test(part) ? '[^/]+' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      })
      .join('');
    // A name that appears twice would make two groups of one name.
    if (pattern.split('?<value>').length > 2) return null;
    const value = new RegExp(`^(?:.*?)${pattern}/?$`, 's').exec(path)?.groups?.value;
    if (value !== undefined) return value;
  }
  return null;
}

function bodyValues(action: Action): Array<{ pointer: string; value: string }> {
  const { request_body: body, body_encoding: encoding } = action;
  if (encoding !== 'utf8' || body.length > BODY_CHARACTERS_MAX) return [];
  const type = Object.entries(action.request_headers).find(
    ([name]) => name.toLowerCase() === 'content-type',
  );
  if (type && String(type[1]).includes('x-www-form-urlencoded')) {
    return [...new URLSearchParams(body)].map(([key, value]) => ({
      pointer: `/${key.replaceAll(']', '').replaceAll('[', '/')}`,
      value,
    }));
  }
  return jsonLeaves(body);
}
