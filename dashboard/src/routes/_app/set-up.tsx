import { useQuery } from '@tanstack/react-query';
import { createFileRoute } from '@tanstack/react-router';
import { useState } from 'react';
import { getAgentOptions, getServiceOptions } from '#/client/@tanstack/react-query.gen';
import { CATALOG } from '#/service/catalog';
import { AgentStep } from '#/set-up/AgentStep';
import { DocumentStep } from '#/set-up/DocumentStep';
import { FirstRequestStep } from '#/set-up/FirstRequestStep';
import { ServiceStep } from '#/set-up/ServiceStep';
import { Steps } from '#/set-up/Steps';
import { Failure } from '#/ui/Failure';
import { Loading } from '#/ui/Loading';
import { PageTitle } from '#/ui/PageTitle';

/** The progress, kept in the URL so that a reload continues there. */
interface Search {
  service?: number;
  /** The name of the template that the service was created from. */
  from?: string;
  isDescribed?: boolean;
  agent?: number;
}

export const Route = createFileRoute('/_app/set-up')({
  validateSearch: ({ service, from, isDescribed, agent }: Record<string, unknown>): Search => ({
    ...(typeof service === 'number' && { service }),
    ...(typeof from === 'string' && { from }),
    ...(isDescribed === true && { isDescribed }),
    ...(typeof agent === 'number' && { agent }),
  }),
  component: SetUp,
});

function SetUp() {
  const search = Route.useSearch();
  const navigate = Route.useNavigate();
  const [apiKey, setApiKey] = useState<string>();
  const service = useQuery({
    ...getServiceOptions({ path: { id: search.service ?? 0 } }),
    enabled: search.service !== undefined,
  });
  const agent = useQuery({
    ...getAgentOptions({ path: { id: search.agent ?? 0 } }),
    enabled: search.agent !== undefined,
  });
  const goTo = (next: Search) => void navigate({ search: next });
  const step = !search.service ? 1 : search.agent ? 4 : search.isDescribed ? 3 : 2;
  return (
    <>
      <PageTitle>Set up</PageTitle>
      <Steps current={step} />
      <Failure error={service.error ?? agent.error} />
      {step === 1 && (
        <ServiceStep
          onDone={({ service, template }) =>
            goTo({ service: service.id, ...(template && { from: template.name }) })
          }
        />
      )}
      {step > 1 && (service.isPending || (step === 4 && agent.isPending)) && <Loading />}
      {step === 2 && service.data && (
        <DocumentStep
          serviceId={service.data.id}
          documentUrl={CATALOG.find(({ name }) => name === search.from)?.documentUrl}
          onDone={() => goTo({ ...search, isDescribed: true })}
        />
      )}
      {step === 3 && service.data && (
        <AgentStep
          service={service.data}
          onDone={(keyed) => {
            setApiKey(keyed.apiKey);
            goTo({ ...search, agent: keyed.agent.id });
          }}
        />
      )}
      {step === 4 && service.data && agent.data && (
        <FirstRequestStep agent={agent.data} service={service.data} apiKey={apiKey} />
      )}
    </>
  );
}
