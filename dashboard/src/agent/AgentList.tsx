/** The agents of the workspace. */
import { Link } from '@tanstack/react-router';
import type { Agent } from '#/client';
import { timeAgo } from '#/text/time';
import { Visible } from '#/text/Visible';
import { useNow } from '#/ui/now';
import { DefinitionName } from '#/ui/Unreadable';
import { AgentState } from './AgentState';

/** Lists the agents. */
export function AgentList({ agents }: { agents: readonly Agent[] }) {
  const now = useNow();
  return (
    <ul aria-label="Agents" className="space-y-2">
      {agents.map((agent) => (
        <li key={agent.id}>
          <Link
            to="/agents/$id"
            params={{ id: agent.id }}
            className="grid gap-x-4 gap-y-1 rounded-lg border border-line bg-panel p-3 hover:bg-raised md:grid-cols-[minmax(0,2fr)_minmax(0,3fr)_9rem] md:items-center"
          >
            <span className="min-w-0">
              <span className="flex flex-wrap items-center gap-2 font-semibold">
                <DefinitionName noun="agent" id={agent.id} name={agent.name} />{' '}
                <AgentState agent={agent} />
              </span>
              <code className="text-xs text-soft">{agent.keyPrefix}…</code>
            </span>
            <span className="line-clamp-2 min-w-0 text-sm">
              {agent.services.length === 0 ? (
                <span className="text-soft">No services assigned</span>
              ) : (
                <>
                  <span className="text-soft">Can use </span>
                  <Visible text={agent.services.map(({ name }) => name).join(', ')} />
                </>
              )}
            </span>
            <span className="text-sm text-soft md:text-right">
              {agent.lastUsedAt ? `Last used ${timeAgo(agent.lastUsedAt, now)}` : 'Never used'}
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}
