/** The controls that approve or deny a request. */
import { type FormEvent, useEffect, useRef } from 'react';
import type { Action } from '#/client';
import { Button } from '#/ui/Button';
import { Failure } from '#/ui/Failure';
import { FIELD } from '#/ui/Field';
import { BlockMenu } from './BlockMenu';
import { Confirmation } from './Confirmation';
import type { Submission } from './Decisions';
import type { Presses } from './usePresses';
import type { Subject } from './useSubject';

/** The state of a decision on one action, and its callbacks. */
export interface DecisionProps {
  action: Action;
  /** Whether the full action is loaded; lists have truncated bodies. */
  isWhole: boolean;
  submission: Submission | undefined;
  failure: string | undefined;
  /** Why the last press was not accepted. */
  hint: string | undefined;
  subject: Subject;
  presses: Presses;
  isDenying: boolean;
  onApprove: () => void;
  onDenying: (isDenying: boolean) => void;
  onDeny: (note: string, isBlocking: boolean) => void;
}

/** Shows the buttons, always in reach below the request. */
export function DecisionBar(props: DecisionProps) {
  const { action, isWhole, submission, failure, hint, subject, presses } = props;
  const { isDenying, onApprove, onDenying, onDeny } = props;
  const approve = useRef<HTMLButtonElement>(null);
  const armed = presses.armed?.id === action.action_id ? presses.armed : null;
  const isArmed = armed !== null;
  const wasArmed = useRef(false);
  useEffect(() => {
    // The focused element has disappeared with the confirmation.
    if (wasArmed.current && !isArmed && document.activeElement === document.body) {
      approve.current?.focus({ preventScroll: true });
    }
    wasArmed.current = isArmed;
  }, [isArmed]);
  if (submission?.isUnknown) return <Checking submission={submission} />;
  const isBusy = submission !== undefined;
  const isWaiting = !subject.isReady || !isWhole || action.unreadable;
  return (
    <div className="sticky bottom-0 z-20 -mx-3 space-y-2 border-t border-line bg-panel p-3 sm:mx-0 sm:rounded-lg sm:border lg:static">
      {failure && <Failure>{failure}</Failure>}
      {armed && !isDenying && (
        <Confirmation
          action={action}
          armed={armed}
          isWaiting={isWaiting || presses.isPausing}
          onConfirm={presses.confirm}
          onApprove={onApprove}
        />
      )}
      {isDenying ? (
        <DenyForm
          action={action}
          submission={submission}
          isHidden={subject.isHidden}
          onCancel={() => onDenying(false)}
          onDeny={onDeny}
        />
      ) : (
        // The confirming button is not in this row: a double click on Approve must not reach it.
        <div className="flex flex-wrap gap-2">
          {isArmed ? (
            <Button
              aria-disabled={presses.isPausing}
              onClick={() => !presses.isPausing && presses.cancel()}
              className="min-h-12 flex-1"
            >
              Cancel
            </Button>
          ) : (
            <Button
              ref={approve}
              tone="main"
              isBusy={submission?.kind === 'approve'}
              disabled={isBusy}
              aria-disabled={isWaiting}
              onClick={onApprove}
              className="min-h-12 flex-1"
            >
              Approve
            </Button>
          )}
          <Button
            isBusy={isBusy && submission.kind !== 'approve'}
            disabled={isBusy}
            onClick={() => onDenying(true)}
            className="min-h-12 flex-1"
          >
            Deny…
          </Button>
        </div>
      )}
      {/* Always rendered, so that screen readers announce changes. */}
      <p aria-live="polite" className="text-sm text-warn empty:hidden">
        {action.unreadable && 'The stored request is damaged: you can only deny it. '}
        {subject.isHidden ? 'Scroll to the top of the request to decide.' : hint}
      </p>
    </div>
  );
}

/** Shown while the outcome of a decision is unknown, because its response was lost. */
function Checking({ submission }: { submission: Submission }) {
  return (
    <div
      role="status"
      className="sticky bottom-0 z-20 -mx-3 border-t border-warn bg-panel p-3 text-sm font-medium text-warn sm:mx-0 sm:rounded-lg sm:border lg:static"
    >
      Checking whether this was {submission.kind === 'approve' ? 'approved' : 'denied'}…
    </div>
  );
}

function DenyForm({
  action,
  submission,
  isHidden,
  onCancel,
  onDeny,
}: {
  action: Action;
  submission: Submission | undefined;
  isHidden: boolean;
  onCancel: () => void;
  onDeny: (note: string, isBlocking: boolean) => void;
}) {
  const note = useRef<HTMLInputElement>(null);
  useEffect(() => note.current?.focus({ preventScroll: true }), []);
  const deny = (isBlocking: boolean) => onDeny(note.current?.value ?? '', isBlocking);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    deny(false);
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
        <Button
          type="submit"
          tone="bad"
          isBusy={submission?.kind === 'deny'}
          disabled={submission !== undefined}
          aria-disabled={isHidden}
          className="flex-1"
        >
          Deny
        </Button>
        <Button onClick={onCancel}>Cancel</Button>
        <BlockMenu
          action={action}
          isBusy={submission?.kind === 'block'}
          isDisabled={submission !== undefined}
          onBlock={() => deny(true)}
        />
      </div>
    </form>
  );
}
