/** Requests with unknown outcomes: a human has to check the service and record what happened. */
import { Link } from '@tanstack/react-router';
import { targetOf } from '#/action/card';
import { TARGET_CHARACTERS_MAX } from '#/action/friction';
import { Cut } from '#/text/Cut';
import { timeAgo } from '#/text/time';
import { Visible } from '#/text/Visible';
import { useNow } from '#/ui/now';
import { useUnknownOutcomes } from './unknown';

/** Lists the requests; renders nothing if there are none. */
export function UnknownOutcomes({ selectedId }: { selectedId: string | undefined }) {
  const { actions, hasMore } = useUnknownOutcomes();
  const now = useNow();
  if (actions.length === 0) return null;
  return (
    <section aria-label="Unknown outcomes" className="rounded-lg border border-bad bg-panel p-3">
      <h2 className="text-sm font-semibold text-bad">
        Outcome unknown ({actions.length}
        {hasMore && '+'})
      </h2>
      <p className="mt-1 text-sm">
        The connection was lost after these were sent. Check the service, then record the outcome.
      </p>
      <ul className="mt-2 space-y-1">
        {actions.map((action) => (
          <li key={action.action_id}>
            <Link
              to="/"
              search={(before) => ({ ...before, action: action.action_id })}
              aria-current={action.action_id === selectedId ? 'true' : undefined}
              className="block rounded-md border border-line p-2 text-xs hover:bg-raised aria-[current=true]:border-brand"
            >
              <span className="block font-mono">
                <strong>{action.method}</strong>{' '}
                <Cut text={targetOf(action)} length={TARGET_CHARACTERS_MAX} />
              </span>
              <span className="text-soft">
                <Visible text={action.agent_name} /> → <Visible text={action.service_name} />
                {action.resolved_at && ` · ${timeAgo(action.resolved_at, now)}`}
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
