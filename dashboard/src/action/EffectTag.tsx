/** The effect of a request, as an icon and a word. */
import type { OperationEffect } from '#/client';
import { EFFECTS } from './effect';

/** Shows an effect, by its own word or by a more exact one. Red means that nobody can take it back. */
export function EffectTag({ effect, word }: { effect: OperationEffect; word?: string }) {
  const { word: own, icon: Icon, isIrreversible } = EFFECTS[effect];
  return (
    <span
      className={`inline-flex items-center gap-1 text-xs leading-5 font-semibold whitespace-nowrap ${isIrreversible ? 'text-bad' : 'text-ink'}`}
    >
      <Icon aria-hidden className="size-3.5 shrink-0" />
      {word ?? own}
    </span>
  );
}
