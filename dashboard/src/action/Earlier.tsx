/** The last attempt at what a held request would do, and the agent's repetitions of it. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Action, EarlierAttempt } from '#/client';
import { getApprovalOptions } from '#/client/@tanstack/react-query.gen';
import { UserActor } from '#/names/Actor';
import { counted } from '#/text/count';
import { timeAgo } from '#/text/time';
import { Visible } from '#/text/Visible';
import { useNow } from '#/ui/now';
import { changesSince } from './changes';

/** How the end of an attempt is called. */
const ENDED: Record<EarlierAttempt['status'], string> = {
  PENDING: 'Held',
  APPROVED: 'Approved',
  DENIED: 'Denied',
  REVOKED: 'Revoked',
  EXPIRED: 'Expired without a decision',
  EXECUTING: 'Approved and being sent',
  EXECUTED: 'Approved and sent',
  INDETERMINATE: 'Approved, with an unknown outcome',
};

/** How many changed values are listed; the exact request shows all. */
const CHANGES_MAX = 5;

/** Says what became of the last attempt, and what is different now. */
export function Earlier({ action, earlier }: { action: Action; earlier: EarlierAttempt }) {
  const now = useNow();
  const at = earlier.decided_at ?? earlier.created_at;
  const isRefused = earlier.response_status !== null && earlier.response_status >= 400;
  return (
    <>
      <span className={earlier.status === 'DENIED' || isRefused ? 'font-medium text-warn' : ''}>
        {earlier.same_request ? 'The same request: ' : 'A similar request: '}
        {ENDED[earlier.status].toLowerCase()}
      </span>{' '}
      {timeAgo(at, now)}
      {earlier.decided_by !== null && (
        <>
          {' '}
          by <UserActor id={earlier.decided_by} name={earlier.decided_by_name} />
        </>
      )}
      {earlier.note !== null && (
        <>
          {' '}
          with the note{' '}
          <q>
            <Visible text={earlier.note} />
          </q>
        </>
      )}
      {earlier.response_status !== null && (
        <>. The service responded with {earlier.response_status}</>
      )}
      .{' '}
      <Link to="/" search={{ action: earlier.action_id }} className="underline hover:no-underline">
        Show it
      </Link>
      {earlier.same_request ? (
        earlier.intent !== action.intent && (
          <p className="text-soft">
            Its intent was{' '}
            <q>
              <Visible text={earlier.intent} />
            </q>
          </p>
        )
      ) : (
        <Changes action={action} earlier={earlier} />
      )}
    </>
  );
}

/** Lists the values that differ from the attempt. */
function Changes({ action, earlier }: { action: Action; earlier: EarlierAttempt }) {
  const { data: before } = useQuery(getApprovalOptions({ path: { action_id: earlier.action_id } }));
  if (!before) return null;
  const changes = changesSince(before, action);
  const more = changes.length - CHANGES_MAX;
  return (
    <ul className="text-soft">
      {changes.slice(0, CHANGES_MAX).map(({ place, from, to }) => (
        <li key={place} className="min-w-0 break-words">
          <span className="font-mono text-[0.8rem]">
            <Visible text={place} />
          </span>
          : <Value of={from} /> → <Value of={to} />
        </li>
      ))}
      {more > 0 && <li>{counted(more, 'more difference')}</li>}
    </ul>
  );
}

function Value({ of }: { of: string | null }) {
  if (of === null) return <span>nothing</span>;
  return (
    <span className="font-mono text-[0.8rem] font-semibold text-ink">
      <Visible text={of} />
    </span>
  );
}

/** Says how often the agent repeated the request, and in which other words. */
export function Repeats({ repeats }: { repeats: NonNullable<Action['context']>['repeats'] }) {
  const now = useNow();
  if (!repeats) return null;
  return (
    <div className="mt-1 text-soft">
      Repeated {counted(repeats.count, 'time')}, most recently {timeAgo(repeats.last_at, now)}.
      {repeats.intents.length > 0 && (
        <>
          {' '}
          With different intents:
          <ul className="border-l-4 border-line pl-3">
            {repeats.intents.map((intent) => (
              <li key={intent}>
                <q>
                  <Visible text={intent} />
                </q>
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}
