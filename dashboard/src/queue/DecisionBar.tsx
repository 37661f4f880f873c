/** Approve or deny. */
import { type FormEvent, useEffect, useRef } from 'react';
import type { Action } from '#/client';
import { Button } from '#/ui/Button';
import { Failure } from '#/ui/Failure';
import { FIELD } from '#/ui/Field';
import { BlockMenu } from './BlockMenu';
import { Confirmation } from './Confirmation';
import type { Work } from './Decisions';
import type { Presses } from './usePresses';
import type { Subject } from './useSubject';

/** What the queue knows and does about the decision on one action. */
export interface DecisionProps {
  action: Action;
  /** Whether all of the action is here; lists hold shortened bodies. */
  isWhole: boolean;
  work: Work | undefined;
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

/** The buttons, always in reach below what they decide on. */
export function DecisionBar(props: DecisionProps) {
  const { action, isWhole, work, failure, hint, subject, presses } = props;
  const { isDenying, onApprove, onDenying, onDeny } = props;
  const approve = useRef<HTMLButtonElement>(null);
  const armed = presses.armed?.id === action.action_id ? presses.armed : null;
  const isArmed = armed !== null;
  const wasArmed = useRef(false);
  useEffect(() => {
    // What had the focus is gone with the confirmation.
    if (wasArmed.current && !isArmed && document.activeElement === document.body) {
      approve.current?.focus({ preventScroll: true });
    }
    wasArmed.current = isArmed;
  }, [isArmed]);
  if (work?.isUnknown) return <Checking work={work} />;
  const isBusy = work !== undefined;
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
          work={work}
          isHidden={subject.isHidden}
          onCancel={() => onDenying(false)}
          onDeny={onDeny}
        />
      ) : (
        // The button that confirms is not here: a double click on Approve must not reach it.
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
              isBusy={work?.kind === 'approve'}
              disabled={isBusy}
              aria-disabled={isWaiting}
              onClick={onApprove}
              className="min-h-12 flex-1"
            >
              Approve
            </Button>
          )}
          <Button
            isBusy={isBusy && work.kind !== 'approve'}
            disabled={isBusy}
            onClick={() => onDenying(true)}
            className="min-h-12 flex-1"
          >
            Deny…
          </Button>
        </div>
      )}
      {/* Always there, so that what appears in it is read out. */}
      <p aria-live="polite" className="text-sm text-warn empty:hidden">
        {action.unreadable && 'The stored request is damaged. It can only be denied. '}
        {subject.isHidden ? 'Scroll to the top of the request to decide on it.' : hint}
      </p>
    </div>
  );
}

/** The connection broke before the gateway replied. */
function Checking({ work }: { work: Work }) {
  return (
    <div
      role="status"
      className="sticky bottom-0 z-20 -mx-3 border-t border-warn bg-panel p-3 text-sm font-medium text-warn sm:mx-0 sm:rounded-lg sm:border lg:static"
    >
      We do not know whether this was {work.kind === 'approve' ? 'approved' : 'denied'}. Checking…
    </div>
  );
}

function DenyForm({
  action,
  work,
  isHidden,
  onCancel,
  onDeny,
}: {
  action: Action;
  work: Work | undefined;
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
          isBusy={work?.kind === 'deny'}
          disabled={work !== undefined}
          aria-disabled={isHidden}
          className="flex-1"
        >
          Deny
        </Button>
        <Button onClick={onCancel}>Cancel</Button>
        <BlockMenu
          action={action}
          isBusy={work?.kind === 'block'}
          isDisabled={work !== undefined}
          onBlock={() => deny(true)}
        />
      </div>
    </form>
  );
}
