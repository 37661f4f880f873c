/** What is lost or paid if a request was approved by mistake. */
import type { Action } from '#/client';
import { splitTarget } from '#/text/target';

/** What approving does that cannot be taken back. */
export interface Stake {
  /** What happens to the target, as a label begins. */
  verb: 'Delete' | 'Pay';
  /** Method, host and path of the target. */
  target: string;
}

/** The assessor's words for these effects. */
const DELETES = 'deletes';
const PAYS = 'pays';

/** The stake of a request that deletes or pays; null for any other. */
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
