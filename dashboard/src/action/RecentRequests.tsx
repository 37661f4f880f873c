/** The latest requests of an agent. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { listRequestsOptions } from '#/client/@tanstack/react-query.gen';
import { splitTarget } from '#/text/target';
import { timeAgo } from '#/text/time';
import { Visible } from '#/text/Visible';
import { Badge } from '#/ui/Badge';
import { useNow } from '#/ui/now';
import { Panel } from '#/ui/Panel';
import { outcomeOf } from './outcome';

const REQUESTS_SHOWN = 6;

/** Lists an agent's latest requests other than this one; renders nothing if there are none. */
export function RecentRequests({
  agentId,
  exceptAction,
}: {
  agentId: number;
  /** The id of the action that is already on the page. */
  exceptAction?: string;
}) {
  const { data } = useQuery(
    listRequestsOptions({ query: { agent_id: agentId, limit: REQUESTS_SHOWN + 1 } }),
  );
  const now = useNow();
  const others = data?.items.filter((entry) => entry.action_id !== (exceptAction ?? '')) ?? [];
  if (others.length === 0) return null;
  return (
    <Panel title="Recent requests from this agent">
      <ul className="divide-y divide-line text-sm">
        {others.slice(0, REQUESTS_SHOWN).map((entry) => (
          <li key={entry.id} className="flex flex-wrap items-baseline gap-x-2 py-1.5">
            <Badge tone={outcomeOf(entry).tone}>{outcomeOf(entry).word}</Badge>
            <Link
              to="/history/$id"
              params={{ id: String(entry.id) }}
              className="min-w-0 font-mono text-[0.8rem] hover:underline"
            >
              {entry.method} <Visible text={splitTarget(entry.target_url).path} />
            </Link>
            <span className="text-soft">{timeAgo(entry.created_at, now)}</span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
