import { useQuery } from '@tanstack/react-query';
import { createFileRoute } from '@tanstack/react-router';
import { useState } from 'react';
import {
  getAgentOptions,
  getServiceOptions,
  listRequestsOptions,
} from '#/client/@tanstack/react-query.gen';
import { CATALOG } from '#/service/catalog';
import { AgentStep } from '#/set-up/AgentStep';
import { ConnectionStep } from '#/set-up/ConnectionStep';
import { DocumentStep } from '#/set-up/DocumentStep';
import { FirstRequestStep } from '#/set-up/FirstRequestStep';
import { KeyGuard } from '#/set-up/KeyGuard';
import { type Progress, readProgress, stepOf } from '#/set-up/progress';
import { ChosenService, ServiceStep } from '#/set-up/ServiceStep';
import { Steps } from '#/set-up/Steps';
import { Failure } from '#/ui/Failure';
import { Loading } from '#/ui/Loading';
import { PageTitle } from '#/ui/PageTitle';
import { RoleNote } from '#/ui/RoleNote';

export const Route = createFileRoute('/_app/set-up')({
  validateSearch: readProgress,
  component: SetUp,
});

function SetUp() {
  const progress = Route.useSearch();
  const navigate = Route.useNavigate();
  /** The key of the agent that was created on this page. */
  const [created, setCreated] = useState<{ agentId: number; apiKey: string }>();
  const [isStored, setIsStored] = useState(false);
  const service = useQuery({
    ...getServiceOptions({ path: { id: progress.service ?? 0 } }),
    enabled: progress.service !== undefined,
  });
  const agent = useQuery({
    ...getAgentOptions({ path: { id: progress.agent ?? 0 } }),
    enabled: progress.agent !== undefined,
  });
  const requests = useQuery({
    ...listRequestsOptions({ query: { agent_id: progress.agent ?? 0, limit: 1 } }),
    enabled: progress.agent !== undefined,
  });
  const goTo = (next: Progress, replace = false) => navigate({ search: next, replace });
  const step = stepOf(progress);
  const template = CATALOG.find(({ name }) => name === progress.template);
  const isLoading =
    (progress.service !== undefined && service.isPending) ||
    (progress.agent !== undefined && agent.isPending);
  return (
    <>
      <PageTitle>Set up</PageTitle>
      <RoleNote needs="define" />
      <Steps progress={progress} hasRequest={(requests.data?.items.length ?? 0) > 0} />
      <Failure
        error={service.error ?? agent.error}
        onRetry={service.error ? service.refetch : agent.refetch}
      />
      {isLoading && <Loading />}
      {step === 'service' && progress.service === undefined && (
        <ServiceStep
          template={progress.template}
          onTemplate={(picked) => void goTo(picked ? { template: picked } : {})}
          onDone={async ({ id }) => {
            const known = progress.template ? { template: progress.template } : {};
            // Back leads to the service, not to the form that would create it again.
            await goTo({ ...known, service: id, step: 'service' }, true);
            await goTo({ ...known, service: id });
          }}
        />
      )}
      {step === 'service' && service.data && (
        <ChosenService
          key={service.data.id}
          service={service.data}
          onDone={() => void goTo({ ...progress, step: 'connection' })}
        />
      )}
      {step === 'connection' && service.data && (
        <ConnectionStep
          service={service.data}
          testPath={template?.testPath ?? '/'}
          onDone={() => void goTo({ ...progress, step: 'document' })}
        />
      )}
      {step === 'document' && service.data && (
        <DocumentStep
          serviceId={service.data.id}
          documentUrl={template?.documentUrl}
          onDone={() => void goTo({ ...progress, step: 'agent' })}
        />
      )}
      {step === 'agent' && service.data && (
        <AgentStep
          service={service.data}
          agent={agent.data}
          onDone={() => void goTo({ ...progress, step: 'request' })}
          onCreated={async (keyed) => {
            setCreated({ agentId: keyed.agent.id, apiKey: keyed.apiKey });
            setIsStored(false);
            await goTo({ ...progress, agent: keyed.agent.id, step: 'agent' }, true);
            await goTo({ ...progress, agent: keyed.agent.id, step: 'request' });
          }}
        />
      )}
      {step === 'request' && service.data && agent.data && (
        <FirstRequestStep
          agent={agent.data}
          service={service.data}
          apiKey={created?.agentId === agent.data.id ? created.apiKey : undefined}
          isStored={isStored}
          onStored={setIsStored}
        />
      )}
      {created && !isStored && <KeyGuard />}
    </>
  );
}
