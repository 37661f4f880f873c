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
  // The facts have values that are neither in JSON nor in a form.
  const values = [
    ...(action.summary?.facts ?? []).map(({ value }) => value),
    ...bodyValues(action)
      .slice(0, VALUES_MAX)
      .map(({ value }) => value),
  ];
  const expected = [action.intent, splitTarget(action.target_url).origin];
  const found = remarksOn(values, expected);
  cache.set(action, found);
  return found;
}
