/** The decision on a request that is no longer pending: who decided, when, and why. */
import { approvalsText } from '#/action/approvals';
import type { Action, ActionStatus } from '#/client';
import { UserActor } from '#/names/Actor';
import { timeAgo } from '#/text/time';
import { Visible } from '#/text/Visible';
import { Button } from '#/ui/Button';
import { useNow } from '#/ui/now';

const WORDS: Partial<Record<ActionStatus, string>> = {
  APPROVED: 'Approved',
  DENIED: 'Denied',
  REVOKED: 'Revoked',
  EXPIRED: 'Expired',
  EXECUTING: 'Approved; it is being sent',
  EXECUTED: 'Approved and sent',
};

const APPROVED: ReadonlySet<ActionStatus> = new Set(['APPROVED', 'EXECUTING', 'EXECUTED']);

/** Shows the decision, its note, and the way to the next request. */
export function Decided({ action, onNext }: { action: Action; onNext: (() => void) | undefined }) {
  const now = useNow();
  // A revoked or expired request may have been approved before.
  const approval = APPROVED.has(action.status) ? action.approval : null;
  const by = approval?.by ?? action.resolved_by;
  const at = approval?.at ?? action.resolved_at;
  const note = approval?.note ?? action.note;
  const count = approvalsText(action);
  return (
    <div className="flex flex-wrap items-center justify-between gap-2 rounded-md border border-line bg-panel p-3 text-sm">
      <div className="min-w-0">
        <p role="status">
          <strong>{WORDS[action.status] ?? action.status.toLowerCase()}</strong>
          {by !== null && (
            <>
              {' '}
              by <UserActor id={by} name={approval?.by_name ?? action.resolved_by_name} />
            </>
          )}
          {/* It counts on, which a screen reader must not read out. */}
          {at !== null && <span aria-live="off">, {timeAgo(at, now)}</span>}
        </p>
        {approval?.break_glass && (
          <p className="mt-1 font-medium text-bad">
            Approved alone by an owner, without the approvals that it required
          </p>
        )}
        {count && (
          <p className="mt-1">
            <Visible text={count} />
          </p>
        )}
        {note && (
          <p className="mt-1">
            <span className="text-soft">Note:</span> <Visible text={note} />
          </p>
        )}
      </div>
      {onNext && <Button onClick={onNext}>Next request</Button>}
    </div>
  );
}
