/** The values in a request, with their documentation. */
import type { Action, Operation } from '#/client';
import { jsonLeaves } from '#/text/json';
import { plainText } from '#/text/markdown';
import { splitTarget } from '#/text/target';

/** A value of the request. */
export interface RequestValue {
  /** A parameter name, or the path to a body field, joined by dots. */
  name: string;
  /** The JSON pointer into the body; null for path and query values. */
  pointer: string | null;
  /** The value as the request has it. */
  value: string;
  /** The documented description; null if undocumented. */
  meaning: string | null;
}

/** A value with documentation. */
export interface DocumentedValue extends RequestValue {
  meaning: string;
}

/** Longer bodies are not parsed. */
const BODY_CHARACTERS_MAX = 200_000;
/** Longer paths are not matched: the time grows with the square of the length. */
const PATH_CHARACTERS_MAX = 2_000;
/** Nobody reads more descriptions than this. */
const MEANINGS_MAX = 40;

/** Returns the documented values of a request: path, query, then body. */
export function meaningsOf(action: Action, operation: Operation): DocumentedValue[] {
  return valuesOf(action, operation)
    .filter((value): value is DocumentedValue => value.meaning !== null)
    .slice(0, MEANINGS_MAX);
}

/** Returns the values of a request: documented path parameters, query, then body. */
export function valuesOf(action: Action, operation: Operation | undefined): RequestValue[] {
  const { path, query } = splitTarget(action.target_url);
  const parameters = operation?.parameters ?? [];
  const found: RequestValue[] = [];
  for (const name of namesInPath(operation)) {
    const value = pathValue(path, operation?.path ?? '', name);
    const known = parameters.find((one) => one.place === 'path' && one.name === name);
    const meaning = meaningOf(known?.description);
    if (value !== null) found.push({ name, pointer: null, value, meaning });
  }
  for (const { decoded } of query) {
    const [name = '', ...rest] = decoded.split('=');
    const known = parameters.find((one) => one.place === 'query' && one.name === name);
    const meaning = meaningOf(known?.description);
    found.push({ name, pointer: null, value: rest.join('='), meaning });
  }
  const descriptions = new Map(
    operation?.fields.map(({ pointer, description }) => [pointer, description]),
  );
  for (const { pointer, value } of bodyValues(action)) {
    const general = pointer.replace(/\/\d+(?=\/|$)/g, '/*');
    const meaning = descriptions.get(pointer) ?? descriptions.get(general);
    const name = pointer.slice(1).replaceAll('/', '.');
    found.push({ name, pointer, value, meaning: meaningOf(meaning) });
  }
  return found;
}

function meaningOf(description: string | null | undefined): string | null {
  return plainText(description ?? '') || null;
}

/** Returns the parameter names in an operation's path template, from left to right. */
export function namesInPath(operation: Operation | undefined): string[] {
  return Array.from(operation?.path.matchAll(/\{([^{}]*)\}/g) ?? [], ([, name = '']) => name);
}

/**
 * Returns the value of a path parameter. The path may have a prefix that the template lacks. A value
 * may span slashes, because many APIs take whole file paths where the document says `{path}`.
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

/**
 * Returns the scalars of a JSON body or a form, with their JSON pointers. Empty for any other body and
 * for a long one.
 */
export function bodyValues(action: Action): Array<{ pointer: string; value: string }> {
  const body = action.decompressed_body ?? action.request_body;
  const isText = action.decompressed_body !== null || action.body_encoding === 'utf8';
  if (!isText || body === '' || body.length > BODY_CHARACTERS_MAX) return [];
  const type = Object.entries(action.request_headers).find(
    ([name]) => name.toLowerCase() === 'content-type',
  );
  if (type && String(type[1]).includes('x-www-form-urlencoded')) {
    return [...new URLSearchParams(body)].map(([key, value]) => ({
      pointer: `/${key.replaceAll(']', '').replaceAll('[', '/')}`,
      value,
    }));
  }
  return lineLeaves(body) ?? jsonLeaves(body);
}

/**
 * Returns the scalars of a body with a JSON object on each line; null for any other body. Their pointers begin with the
 * number of the line.
 */
export function lineLeaves(body: string): Array<{ pointer: string; value: string }> | null {
  const lines = body.split(/\r?\n/).filter((line) => line.trim() !== '');
  if (lines.length < 2) return null;
  try {
    return lines.flatMap((line, at) => {
      if (typeof JSON.parse(line) !== 'object') throw new SyntaxError('not an object');
      return jsonLeaves(line).map(({ pointer, value }) => ({ pointer: `/${at}${pointer}`, value }));
    });
  } catch {
    return null;
  }
}
