import { useQuery } from '@tanstack/react-query';
import { createFileRoute, Link } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { AgentKeyDialog } from '#/agent/AgentKeyDialog';
import { AgentList } from '#/agent/AgentList';
import { NewAgent } from '#/agent/NewAgent';
import type { KeyedAgent } from '#/client';
import { listAgentsOptions } from '#/client/@tanstack/react-query.gen';
import { Button } from '#/ui/Button';
import { Empty } from '#/ui/Empty';
import { Failure } from '#/ui/Failure';
import { Loading } from '#/ui/Loading';
import { PageTitle } from '#/ui/PageTitle';
import { RoleNote } from '#/ui/RoleNote';

export const Route = createFileRoute('/_app/agents/')({ component: Agents });

function Agents() {
  const agents = useQuery(listAgentsOptions());
  const [isCreating, setIsCreating] = useState(false);
  const [keyed, setKeyed] = useState<KeyedAgent | null>(null);
  return (
    <>
      <PageTitle
        actions={
          <Button needs="define" tone="main" onClick={() => setIsCreating(true)}>
            <Plus aria-hidden className="size-4" /> New agent
          </Button>
        }
      >
        Agents
      </PageTitle>
      <RoleNote needs="define" />
      {agents.isPending && <Loading />}
      <Failure error={agents.error} onRetry={agents.refetch} />
      {agents.data?.length === 0 && (
        <Empty title="No agents yet">
          <p>
            An agent is a program with its own key. It can use the services that you assign to it.
          </p>
          <Link to="/set-up" className="inline-block text-brand underline">
            Start guided setup
          </Link>
        </Empty>
      )}
      {agents.data && agents.data.length > 0 && <AgentList agents={agents.data} />}
      {isCreating && (
        <NewAgent
          onCreated={(created) => {
            setIsCreating(false);
            setKeyed(created);
          }}
          onClose={() => setIsCreating(false)}
        />
      )}
      {keyed && <AgentKeyDialog keyed={keyed} onStored={() => setKeyed(null)} />}
    </>
  );
}
