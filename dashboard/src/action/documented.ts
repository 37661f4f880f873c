/** What the documentation says of the values in a request. */
import type { Action, Operation } from '#/client';
import { jsonLeaves } from '#/text/json';
import { takeApart } from '#/text/target';

/** A value of the request with its documented meaning. */
export interface Meaning {
  /** Where it stands: a name, or a pointer into the body. */
  name: string;
  /** As it stands in the request. */
  value: string;
  meaning: string;
}

/** Longer bodies are not looked through. */
const BODY_CHARACTERS_MAX = 200_000;
/** More meanings than this are not read by anyone. */
const MEANINGS_MAX = 40;

/** The values that have a documented meaning: of the path, the query and the body, in that order. */
export function meaningsOf(action: Action, operation: Operation): Meaning[] {
  const found: Meaning[] = [];
  const add = (name: string, value: string, description: string | null) => {
    if (description && found.length < MEANINGS_MAX) {
      found.push({ name, value, meaning: description });
    }
  };
  const { path, query } = takeApart(action.target_url);
  for (const { name, place, description } of operation.parameters) {
    if (place === 'path') {
      const value = pathValue(path, operation.path, name);
      if (value !== null) add(name, value, description);
    }
    if (place === 'query') {
      for (const { decoded } of query) {
        const [key, ...rest] = decoded.split('=');
        if (key === name) add(name, rest.join('='), description);
      }
    }
  }
  const descriptions = new Map(
    operation.fields.map(({ pointer, description }) => [pointer, description]),
  );
  for (const { pointer, value } of bodyValues(action)) {
    const general = pointer.replace(/\/\d+(?=\/|$)/g, '/*');
    const description = descriptions.get(pointer) ?? descriptions.get(general);
    add(pointer.slice(1).replaceAll('/', '.'), value, description ?? null);
  }
  return found;
}

/** The part of a path that stands for a name in braces; the path may begin before the template. */
function pathValue(path: string, template: string, name: string): string | null {
  const wanted = template.split('/').reverse();
  const given = path.split('/').reverse();
  const at = wanted.indexOf(`{${name}}`);
  const fits = wanted.every(
    (part, index) => part === '' || part.includes('{') || part === given[index],
  );
  return at >= 0 && fits ? (given[at] ?? null) : null;
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
