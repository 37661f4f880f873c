import { useQuery } from '@tanstack/react-query';
import { createFileRoute, Link } from '@tanstack/react-router';
import { RecentRequests } from '#/action/RecentRequests';
import { AgentKeyPanel, AgentStopPanel } from '#/agent/AgentControls';
import { AgentScopePanel, AgentSettingsPanel } from '#/agent/AgentSettingsPanel';
import { AgentState } from '#/agent/AgentState';
import { Connect } from '#/agent/Connect';
import { getAgentOptions } from '#/client/@tanstack/react-query.gen';
import { NotFound, requireId } from '#/shell/NotFound';
import { dateTime } from '#/text/time';
import { BackLink } from '#/ui/BackLink';
import { BUTTON } from '#/ui/Button';
import { Fact } from '#/ui/Fact';
import { Failure } from '#/ui/Failure';
import { Loading } from '#/ui/Loading';
import { PageTitle } from '#/ui/PageTitle';
import { Panel } from '#/ui/Panel';
import { RoleNote } from '#/ui/RoleNote';
import { DefinitionName, UnreadableNote } from '#/ui/Unreadable';

export const Route = createFileRoute('/_app/agents/$id')({
  params: { parse: ({ id }) => ({ id: Number(id) }), stringify: ({ id }) => ({ id: String(id) }) },
  loader: requireId,
  notFoundComponent: NotFound,
  component: AgentPage,
});

function AgentPage() {
  const { id } = Route.useParams();
  const { data: agent, error, isPending, refetch } = useQuery(getAgentOptions({ path: { id } }));
  return (
    <>
      <BackLink to="/agents">All agents</BackLink>
      {isPending && <Loading />}
      {error && !agent && <PageTitle>Agent</PageTitle>}
      <Failure error={error} onRetry={refetch} />
      {agent && (
        <>
          <PageTitle actions={<AgentState agent={agent} />}>
            <DefinitionName noun="agent" id={agent.id} name={agent.name} />
          </PageTitle>
          <RoleNote needs="define" />
          {agent.unreadable && (
            <div className="space-y-4">
              <UnreadableNote noun="agent" />
              <AgentStopPanel agent={agent} />
            </div>
          )}
        </>
      )}
      {agent && !agent.unreadable && (
        <div key={agent.id} className="grid items-start gap-4 xl:grid-cols-2">
          <div className="min-w-0 space-y-4">
            <AgentSettingsPanel agent={agent} />
            <Panel title="Connect">
              <Connect agent={agent} />
            </Panel>
          </div>
          <div className="min-w-0 space-y-4">
            <AgentScopePanel agent={agent} />
            <AgentKeyPanel agent={agent} />
            <AgentStopPanel agent={agent} />
            <Panel title="Details">
              <dl className="space-y-1">
                <Fact name="Created">{dateTime(agent.createdAt)}</Fact>
                <Fact name="Last changed">{dateTime(agent.updatedAt)}</Fact>
                <Fact name="Last used">
                  {agent.lastUsedAt ? dateTime(agent.lastUsedAt) : 'Never'}
                </Fact>
              </dl>
            </Panel>
            <RecentRequests agentId={agent.id} />
            <Link to="/history" search={{ agent: agent.id }} className={BUTTON}>
              View requests
            </Link>
          </div>
        </div>
      )}
    </>
  );
}
