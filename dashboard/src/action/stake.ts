/** The irreversible effect of a request. */
import type { Action } from '#/client';
import { splitTarget } from '#/text/target';
import { effectOf } from './effect';

/** An effect that cannot be undone. */
export interface Stake {
  /** The first word of the label. */
  verb: 'Delete' | 'Pay';
  /** Method, host and path of the target. */
  target: string;
}

/** Returns the stake of a request that deletes or pays; null for any other. */
export function stakeOf(action: Action): Stake | null {
  // A request may have more effects than its most severe one.
  const effects = new Set<string>(action.signals.map(({ code }) => code)).add(effectOf(action));
  const deletes = action.method === 'DELETE' || effects.has('deletes');
  if (!deletes && !effects.has('pays')) return null;
  const { origin, path } = splitTarget(action.target_url);
  return {
    verb: deletes ? 'Delete' : 'Pay',
    target: `${origin.replace(/^https?:\/\//, '')}${path}`,
  };
}
