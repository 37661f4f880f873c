/** The second, deliberate step of an approval. */
import { useId, useLayoutEffect, useRef } from 'react';
import { cardOf } from '#/action/card';
import { reasonsForFriction } from '#/action/friction';
import { type Stake, stakeOf } from '#/action/stake';
import type { Action } from '#/client';
import { Cut } from '#/text/Cut';
import { Button } from '#/ui/Button';
import { CardFields } from './CardFields';
import type { Armed } from './usePresses';

const TARGET_CHARACTERS = 300;

/**
 * Shows why one press is not enough, the check box for an irreversible effect, and the button that
 * approves.
 */
export function Confirmation({
  action,
  armed,
  isWaiting,
  onConfirm,
  onApprove,
}: {
  action: Action;
  armed: Armed;
  /** Whether it is too early to press the button. */
  isWaiting: boolean;
  onConfirm: (isConfirmed: boolean) => void;
  onApprove: () => void;
}) {
  const stake = stakeOf(action);
  const checkbox = useRef<HTMLInputElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  // Keyboard users continue at the next step, from the moment it is painted.
  useLayoutEffect(() => (checkbox.current ?? button.current)?.focus({ preventScroll: true }), []);
  const isMissing = stake !== null && !armed.isConfirmed;
  return (
    <fieldset
      aria-label="Confirm approval"
      className="grid gap-2 rounded-md border border-warn p-2 sm:grid-cols-[minmax(0,1fr)_auto] sm:items-center"
    >
      <div className="space-y-2">
        <p role="status" className="text-sm text-warn">
          Confirm to approve: {reasonsForFriction(action).join(', ')}.
        </p>
        {stake && (
          <StakeCheck
            ref={checkbox}
            action={action}
            isChecked={armed.isConfirmed}
            onCheck={onConfirm}
            stake={stake}
          />
        )}
      </div>
      <Button
        ref={button}
        aria-disabled={isWaiting || isMissing}
        onClick={onApprove}
        className="min-h-12"
      >
        Confirm approval
      </Button>
    </fieldset>
  );
}

function StakeCheck({
  ref,
  action,
  isChecked,
  onCheck,
  stake: { verb, word, target },
}: {
  ref: React.Ref<HTMLInputElement>;
  action: Action;
  isChecked: boolean;
  onCheck: (isChecked: boolean) => void;
  stake: Stake;
}) {
  const id = useId();
  return (
    <div className="flex gap-2.5">
      <input
        ref={ref}
        id={id}
        type="checkbox"
        checked={isChecked}
        onChange={(event) => onCheck(event.target.checked)}
        className="mt-0.5 size-5 shrink-0 accent-brand"
      />
      <label htmlFor={id} className="min-w-0 text-sm font-medium">
        {word}{' '}
        <code className="text-[0.8rem]">
          <Cut text={target} length={TARGET_CHARACTERS} />
        </code>
        {verb === 'Pay' && <CardFields values={cardOf(action).values} />}
      </label>
    </div>
  );
}
