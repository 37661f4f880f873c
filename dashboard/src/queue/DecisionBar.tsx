/** Approve or deny. */
import { type FormEvent, useEffect, useRef } from 'react';
import { reasonsForSecondPress } from '#/action/weigh';
import type { Action } from '#/client';
import { Button, Failure, FIELD } from '#/ui/parts';

/** What the queue knows and does about the decision on one action. */
export interface DecisionProps {
  action: Action;
  isBusy: boolean;
  failure: string | undefined;
  isArmed: boolean;
  isDenying: boolean;
  onApprove: () => void;
  onDenying: (isDenying: boolean) => void;
  onDeny: (note: string, isBlocking: boolean) => void;
}

/** The buttons, always in reach below what they decide on. */
export function DecisionBar(props: DecisionProps) {
  const { action, isBusy, failure, isArmed, isDenying, onApprove, onDenying, onDeny } = props;
  const reasons = reasonsForSecondPress(action);
  return (
    <div className="sticky bottom-0 z-20 -mx-3 space-y-2 border-t border-line bg-panel p-3 sm:mx-0 sm:rounded-lg sm:border">
      {failure && <Failure>{failure}</Failure>}
      {isDenying ? (
        <DenyForm isBusy={isBusy} onCancel={() => onDenying(false)} onDeny={onDeny} />
      ) : (
        <div className="flex flex-wrap gap-2">
          <Button
            tone="main"
            isBusy={isBusy}
            onClick={onApprove}
            className={`min-h-12 flex-1 ${isArmed ? 'ring-4 ring-warn' : ''}`}
          >
            {isArmed ? 'Press again to approve' : 'Approve'}
          </Button>
          <Button isBusy={isBusy} onClick={() => onDenying(true)} className="min-h-12 flex-1">
            Deny…
          </Button>
        </div>
      )}
      {/* Always there, so that what comes into it is read out. */}
      <p aria-live="polite" className="text-sm text-warn empty:hidden">
        {isArmed && !isDenying && `Approving needs a second press: ${reasons.join(', ')}.`}
      </p>
    </div>
  );
}

function DenyForm({
  isBusy,
  onCancel,
  onDeny,
}: {
  isBusy: boolean;
  onCancel: () => void;
  onDeny: (note: string, isBlocking: boolean) => void;
}) {
  const note = useRef<HTMLInputElement>(null);
  useEffect(() => note.current?.focus(), []);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onDeny(note.current?.value ?? '', false);
  };
  return (
    <form
      onSubmit={submit}
      onKeyDown={(event) => event.key === 'Escape' && onCancel()}
      className="space-y-2"
    >
      <label className="block text-sm font-medium">
        Note to the agent (optional)
        <input ref={note} maxLength={1000} autoComplete="off" className={`mt-1 ${FIELD}`} />
      </label>
      <div className="flex flex-wrap gap-2">
        <Button type="submit" tone="bad" isBusy={isBusy} className="flex-1">
          Deny
        </Button>
        <Button
          tone="bad"
          isBusy={isBusy}
          onClick={() => onDeny(note.current?.value ?? '', true)}
          className="flex-1"
        >
          Deny and block agent
        </Button>
        <Button onClick={onCancel}>Cancel</Button>
      </div>
    </form>
  );
}
