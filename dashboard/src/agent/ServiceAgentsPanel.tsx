/** The agents that can use a service. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { listAgentsOptions } from '#/client/@tanstack/react-query.gen';
import { Visible } from '#/text/Visible';
import { BUTTON } from '#/ui/Button';
import { Failure } from '#/ui/Failure';
import { Loading } from '#/ui/Loading';
import { Panel } from '#/ui/Panel';
import { AgentState } from './AgentState';

/** Lists the agents. */
export function ServiceAgentsPanel({ serviceId }: { serviceId: number }) {
  const agents = useQuery(listAgentsOptions());
  const those = agents.data?.filter(({ services }) => services.some(({ id }) => id === serviceId));
  return (
    <Panel
      title="Agents with access"
      actions={
        <Link to="/history" search={{ service: serviceId }} className={BUTTON}>
          View requests
        </Link>
      }
    >
      {agents.isPending && <Loading />}
      <Failure error={agents.error} onRetry={agents.refetch} />
      {those?.length === 0 && (
        <p className="text-sm text-soft">
          None. Add this service to the scope of one{' '}
          <Link to="/agents" className="text-brand underline">
            of your agents
          </Link>
          .
        </p>
      )}
      <ul className="space-y-2">
        {those?.map((agent) => (
          <li key={agent.id} className="flex flex-wrap items-center gap-2 text-sm">
            <Link to="/agents/$id" params={{ id: agent.id }} className="font-medium underline">
              <Visible text={agent.name} />
            </Link>
            <AgentState agent={agent} />
          </li>
        ))}
      </ul>
    </Panel>
  );
}
