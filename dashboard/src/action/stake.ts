/** The irreversible effect of a request. */
import type { Action } from '#/client';
import { splitTarget } from '#/text/target';
import { EFFECTS, effectOf, effectWord } from './effect';

/** An effect that cannot be undone. */
export interface Stake {
  /** The kind of effect. */
  verb: 'Delete' | 'Pay';
  /** The first word of the label. */
  word: string;
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
  // A cancelled or revoked object stays, and is not deleted.
  const ended = effectWord(action);
  const isEnded = effectOf(action) === 'deletes' && ended !== EFFECTS.deletes.word;
  return {
    verb: deletes ? 'Delete' : 'Pay',
    word: deletes ? (isEnded ? ended.replace(/s$/, '') : 'Delete') : 'Make this payment at',
    target: `${origin.replace(/^https?:\/\//, '')}${path}`,
  };
}
