/** The irreversible effect of a request. */
import type { Action } from '#/client';
import { splitTarget } from '#/text/target';

/** An effect that cannot be undone. */
export interface Stake {
  /** The first word of the label. */
  verb: 'Delete' | 'Pay';
  /** Method, host and path of the target. */
  target: string;
}

/** The assessor's signal codes for these effects. */
const DELETES = 'deletes';
const PAYS = 'pays';

/** Returns the stake of a request that deletes or pays; null for any other. */
export function stakeOf(action: Action): Stake | null {
  const codes = new Set(action.signals.map(({ code }) => code));
  const deletes = action.method === 'DELETE' || codes.has(DELETES);
  if (!deletes && !codes.has(PAYS)) return null;
  const { origin, path } = splitTarget(action.target_url);
  return {
    verb: deletes ? 'Delete' : 'Pay',
    target: `${origin.replace(/^https?:\/\//, '')}${path}`,
  };
}
