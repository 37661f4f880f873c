/** The addresses of a request that are easily taken for other ones. */
import type { Action } from '#/client';
import { splitTarget } from '#/text/target';
import { type Remark, remarksOn } from './lookalike';
import { bodyValues } from './requestValues';

/** Nobody looks at more values than this, and a long list has more of the same. */
const VALUES_MAX = 500;

const cache = new WeakMap<Action, readonly Remark[]>();

/** Returns what deserves a second look about the addresses in a request. */
export function remarksOf(action: Action): readonly Remark[] {
  const known = cache.get(action);
  if (known) return known;
  const { origin, path, query } = splitTarget(action.target_url);
  // The order of the body says more than that of the facts, which have what is neither in JSON nor in a form.
  const inBody = bodyValues(action)
    .slice(0, VALUES_MAX)
    .map(({ value }) => value);
  const values =
    inBody.length > 0 ? inBody : (action.summary?.facts ?? []).map(({ value }) => value);
  values.push(...query.map(({ decoded }) => decoded));
  // The domain of an account in the path is the operator's own.
  const expected = [action.intent, origin, decoded(path)];
  const found = remarksOn(values, expected);
  cache.set(action, found);
  return found;
}

function decoded(url: string): string {
  try {
    return decodeURIComponent(url);
  } catch {
    return url;
  }
}
