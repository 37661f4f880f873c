/** The controls that approve or deny a request. */
import { MessageSquarePlus, MessageSquareX } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { flushSync } from 'react-dom';
import { frictionOf } from '#/action/friction';
import type { Action } from '#/client';
import type { StreamState } from '#/live/stream';
import { Button } from '#/ui/Button';
import { Failure } from '#/ui/Failure';
import { Confirmation } from './Confirmation';
import type { Submission } from './Decisions';
import { DenyForm } from './DenyForm';
import { HoldButton } from './HoldButton';
import { NoteField } from './NoteField';
import { NOTICES } from './Toasts';
import type { Presses } from './usePresses';
import type { Subject } from './useSubject';

/** The id of the controls, for the link that skips to them. */
export const DECISION = 'decision';

/** The state of a decision on one action, and its callbacks. */
export interface DecisionProps {
  action: Action;
  /** Whether the full action is loaded; lists have truncated bodies. */
  isWhole: boolean;
  /** The connection to the gateway; a decision requires it. */
  live: StreamState;
  submission: Submission | undefined;
  failure: string | undefined;
  /** Why the last press was not accepted. */
  hint: string | undefined;
  subject: Subject;
  presses: Presses;
  /** Whether Approve is being held. */
  isHolding: boolean;
  isDenying: boolean;
  /** The note to the agent; null while there is none. */
  note: string | null;
  onNote: (note: string | null) => void;
  onApprove: () => void;
  onHold: () => void;
  /** Ends the hold. Returns whether it was too short. */
  onHoldEnd: () => boolean;
  onDenying: (isDenying: boolean) => void;
  onDeny: (note: string, isBlocking: boolean) => void;
}

/** Shows the buttons, always in reach below the request. */
export function DecisionBar(props: DecisionProps) {
  const { action, isWhole, live, submission, failure, hint, subject, presses } = props;
  const { isDenying, note, onApprove, onDenying, onDeny } = props;
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
  const noteField = useRef<HTMLTextAreaElement>(null);
  const noteButton = useRef<HTMLButtonElement>(null);
  const openNote = () => {
    flushSync(() => props.onNote(''));
    noteField.current?.focus({ preventScroll: true });
  };
  const closeNote = () => {
    props.onNote(null);
    noteButton.current?.focus({ preventScroll: true });
  };
  if (submission?.isUnknown) return <Checking submission={submission} />;
  const isBusy = submission !== undefined;
  const isOffline = live !== 'live';
  const isBlocked = isOffline || subject.isHidden;
  const isWaiting = isOffline || !subject.isReady || !isWhole || action.unreadable;
  return (
    <section
      ref={measure}
      id={DECISION}
      tabIndex={-1}
      aria-label="Decision"
      className="sticky bottom-0 z-20 -mx-3 flex flex-col gap-2 border-t border-line bg-panel p-3 sm:mx-0 sm:rounded-lg sm:border lg:static"
    >
      {failure && <Failure>{failure}</Failure>}
      {note !== null && !isDenying && (
        <NoteField
          ref={noteField}
          value={note}
          onChange={({ target }) => props.onNote(target.value)}
          onKeyDown={({ key }) => key === 'Escape' && note === '' && closeNote()}
        />
      )}
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
          isDisabled={isBlocked}
          note={note ?? ''}
          onNote={props.onNote}
          onCancel={() => onDenying(false)}
          onDeny={onDeny}
        />
      ) : (
        // The confirming button is not in this row: a double click on Approve must not reach it.
        <div className="flex flex-wrap gap-2">
          <Button
            isBusy={isBusy && submission.kind !== 'approve'}
            disabled={isBusy}
            aria-disabled={isOffline}
            onClick={() => onDenying(true)}
            className="min-h-12 flex-1"
          >
            Deny…
          </Button>
          {isArmed ? (
            <Button
              aria-disabled={presses.isPausing}
              onClick={() => !presses.isPausing && presses.cancel()}
              className="min-h-12 flex-1"
            >
              Cancel
            </Button>
          ) : (
            <ApproveButton ref={approve} {...props} isWaiting={isWaiting} />
          )}
          {!isArmed && (
            <Button
              ref={noteButton}
              tone="quiet"
              disabled={isBusy}
              aria-expanded={note !== null}
              aria-label={note === null ? 'Add note…' : 'Remove note'}
              onClick={note === null ? openNote : closeNote}
            >
              {note === null ? (
                <MessageSquarePlus aria-hidden className="size-5" />
              ) : (
                <MessageSquareX aria-hidden className="size-5" />
              )}
              <span aria-hidden className="hidden sm:inline">
                {note === null ? 'Add note…' : 'Remove note'}
              </span>
            </Button>
          )}
        </div>
      )}
      {/* Always rendered, so that screen readers announce changes. */}
      <p aria-live="polite" className="text-sm text-warn empty:hidden">
        {action.unreadable && 'The stored request is damaged: you can only deny it. '}
        {live === 'broken'
          ? 'Not connected: you can decide once the gateway is back.'
          : subject.isHidden
            ? 'Scroll to the top of the request to decide.'
            : hint}
      </p>
    </section>
  );
}

/** The button that approves a harmless request, and begins to approve any other. */
function ApproveButton({
  ref,
  action,
  submission,
  isWaiting,
  isHolding,
  onApprove,
  onHold,
  onHoldEnd,
}: DecisionProps & { ref: React.Ref<HTMLButtonElement>; isWaiting: boolean }) {
  const isBusy = submission?.kind === 'approve';
  const friction = frictionOf(action);
  if (friction === 'hold') {
    return (
      <HoldButton
        ref={ref}
        isHolding={isHolding}
        isBusy={isBusy}
        isDisabled={isWaiting}
        onBegin={onHold}
        onEnd={onHoldEnd}
        onShortPress={onApprove}
      />
    );
  }
  return (
    <Button
      ref={ref}
      // Only a harmless request has a button that invites.
      tone={friction === 'press' ? 'main' : 'plain'}
      isBusy={isBusy}
      disabled={submission !== undefined}
      aria-disabled={isWaiting}
      onClick={onApprove}
      className="min-h-12 flex-[1.4]"
    >
      Approve
    </Button>
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

/**
 * Gives the notices the height of the controls, so that they appear above them. A property of the whole
 * page would be inherited by each of its elements, and cost more than everything else at a key press.
 */
function measure(bar: HTMLElement | null) {
  if (!bar) return;
  const notices = document.getElementById(NOTICES)?.style;
  const observer = new ResizeObserver(() =>
    notices?.setProperty('--decision-bar', `${bar.offsetHeight}px`),
  );
  observer.observe(bar);
  return () => {
    observer.disconnect();
    notices?.removeProperty('--decision-bar');
  };
}
