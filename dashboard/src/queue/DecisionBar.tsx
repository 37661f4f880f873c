/** The controls that approve or deny a request. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { MessageSquarePlus, MessageSquareX } from 'lucide-react';
import { lazy, Suspense, useEffect, useRef, useState } from 'react';
import { flushSync } from 'react-dom';
import {
  approvalsText,
  approveLabel,
  missingText,
  refusalText,
  stepUpText,
} from '#/action/approvals';
import { frictionOf } from '#/action/friction';
import type { Action } from '#/client';
import { withdrawApprovalMutation } from '#/client/@tanstack/react-query.gen';
import type { StreamState } from '#/live/stream';
import { Visible } from '#/text/Visible';
import { Button } from '#/ui/Button';
import { Failure } from '#/ui/Failure';
import { Confirmation } from './Confirmation';
import type { Submission } from './Decisions';
import { DenyForm } from './DenyForm';
import { HoldButton } from './HoldButton';
import { NoteField } from './NoteField';
import { NOTICES } from './Toasts';
import { LAPSED, type Presses } from './usePresses';
import type { Subject } from './useSubject';

// Few users may approve alone, and they rarely do.
const BreakGlass = lazy(() =>
  import('./BreakGlass').then(({ BreakGlass }) => ({ default: BreakGlass })),
);

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
  /** Approves alone, with the note, without the other approvals; undefined where that is not offered. */
  onApproveAlone?: () => void;
  onDenying: (isDenying: boolean) => void;
  onDeny: (note: string, isBlocking: boolean) => void;
}

/** Whether the user's own approval is the only one that is missing. */
function isLastVote({ approvals }: Action): boolean {
  return approvals.may_vote && approvals.given + 1 >= approvals.needed;
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
  const [isAlone, setIsAlone] = useState(false);
  const count = approvalsText(action);
  const stepUp = stepUpText(action);
  const mayBreakGlass =
    props.onApproveAlone !== undefined &&
    !(isAlone || isDenying || isArmed || isLastVote(action)) &&
    action.approvals.may_break_glass;
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
      {count !== null && (
        <p className="text-sm font-medium">
          <Visible text={count} />
        </p>
      )}
      {stepUp !== null && !isDenying && <p className="text-sm text-soft">{stepUp}</p>}
      {note !== null && !isDenying && !isAlone && (
        <NoteField
          ref={noteField}
          value={note}
          onChange={({ target }) => props.onNote(target.value)}
          onKeyDown={({ key }) => key === 'Escape' && note === '' && closeNote()}
        />
      )}
      {armed && !isDenying && !isAlone && (
        <Confirmation
          action={action}
          armed={armed}
          isWaiting={isWaiting || presses.isPausing}
          onConfirm={presses.confirm}
          onApprove={onApprove}
        />
      )}
      {isAlone && props.onApproveAlone ? (
        <Suspense>
          <BreakGlass
            action={action}
            submission={submission}
            isDisabled={isBlocked || isWaiting}
            note={note ?? ''}
            onNote={props.onNote}
            onCancel={() => setIsAlone(false)}
            onApprove={props.onApproveAlone}
          />
        </Suspense>
      ) : isDenying ? (
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
          ) : action.approvals.may_vote ? (
            <ApproveButton ref={approve} {...props} isWaiting={isWaiting} />
          ) : (
            <NoVote action={action} />
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
      {mayBreakGlass && (
        <Button
          tone="quiet"
          className="min-h-8 self-end py-0"
          disabled={isBusy}
          onClick={() => {
            presses.cancel();
            setIsAlone(true);
          }}
        >
          Approve alone…
        </Button>
      )}
      {/* Always rendered, so that screen readers announce changes. */}
      <p aria-live="polite" className="text-sm text-warn empty:hidden">
        {action.unreadable && 'The stored request is damaged: you can only deny it. '}
        {live === 'broken'
          ? 'Not connected: you can decide once the gateway is back.'
          : subject.isHidden
            ? 'Scroll to the top of the request to decide.'
            : (hint ?? (presses.lapsedId === action.action_id && `${LAPSED} Press again.`))}
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
        label={approveLabel(action, 'Hold to approve')}
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
      // Only a harmless request has a button that invites. Any other says that a second step follows.
      tone={friction === 'press' ? 'main' : 'plain'}
      isBusy={isBusy}
      disabled={submission !== undefined}
      aria-disabled={isWaiting}
      onClick={onApprove}
      className="min-h-12 flex-[1.4]"
    >
      {approveLabel(action, friction === 'press' ? 'Approve' : 'Approve in 2 steps')}
    </Button>
  );
}

/** Shown in place of the approving button if the user has approved already, or may not. */
function NoVote({ action }: { action: Action }) {
  const queries = useQueryClient();
  const withdraw = useMutation({
    ...withdrawApprovalMutation(),
    onSettled: () => queries.invalidateQueries(),
  });
  const refusal = refusalText(action);
  if (refusal !== null) return <p className="min-w-40 flex-[1.4] text-sm text-soft">{refusal}</p>;
  return (
    <div className="min-w-40 flex-[1.4] text-sm text-soft">
      You approved this. {missingText(action.approvals)}.{' '}
      <Button
        tone="quiet"
        className="min-h-8 py-0"
        isBusy={withdraw.isPending}
        onClick={() => withdraw.mutate({ path: { action_id: action.action_id } })}
      >
        Withdraw approval
      </Button>
      <Failure error={withdraw.error} />
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
