/** The effect of a request, as an icon and a word. */
import type { OperationEffect } from '#/client';
import { EFFECTS } from './effect';

/** Shows an effect. Red means that nobody can take it back. */
export function EffectTag({ effect }: { effect: OperationEffect }) {
  const { word, icon: Icon, isIrreversible } = EFFECTS[effect];
  return (
    <span
      className={`inline-flex items-center gap-1 text-xs leading-5 font-semibold whitespace-nowrap ${isIrreversible ? 'text-bad' : 'text-ink'}`}
    >
      <Icon aria-hidden className="size-3.5 shrink-0" />
      {word}
    </span>
  );
}
