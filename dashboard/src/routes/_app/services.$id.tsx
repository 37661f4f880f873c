import { useQuery } from '@tanstack/react-query';
import { createFileRoute } from '@tanstack/react-router';
import { useState } from 'react';
import { ServiceAgentsPanel } from '#/agent/ServiceAgentsPanel';
import { getServiceOptions } from '#/client/@tanstack/react-query.gen';
import { useAttention } from '#/inbox/inbox';
import { CredentialPanel } from '#/service/CredentialPanel';
import { DeleteService } from '#/service/DeleteService';
import { DocumentsPanel } from '#/service/DocumentsPanel';
import { OperationsPanel } from '#/service/OperationsPanel';
import { ServiceSettingsPanel } from '#/service/ServiceSettingsPanel';
import { TestCallPanel } from '#/service/TestCallPanel';
import { NotFound, requireId } from '#/shell/NotFound';
import { BackLink } from '#/ui/BackLink';
import { Failure } from '#/ui/Failure';
import { Loading } from '#/ui/Loading';
import { PageTitle } from '#/ui/PageTitle';
import { RoleNote } from '#/ui/RoleNote';
import { DefinitionName, UnreadableNote } from '#/ui/Unreadable';

export const Route = createFileRoute('/_app/services/$id')({
  params: { parse: ({ id }) => ({ id: Number(id) }), stringify: ({ id }) => ({ id: String(id) }) },
  loader: requireId,
  notFoundComponent: NotFound,
  component: ServicePage,
});

function ServicePage() {
  const { id } = Route.useParams();
  const {
    data: service,
    error,
    isPending,
    refetch,
  } = useQuery(getServiceOptions({ path: { id } }));
  const refused = useAttention().refused_credentials.find(({ service_id }) => service_id === id);
  const [chosen, setChosen] = useState({ method: 'GET', path: '/', count: 0 });
  return (
    <>
      <BackLink to="/services">All services</BackLink>
      {isPending && <Loading />}
      {error && !service && <PageTitle>Service</PageTitle>}
      <Failure error={error} onRetry={refetch} />
      {service && (
        <>
          <PageTitle actions={<DeleteService service={service} />}>
            <DefinitionName noun="service" id={service.id} name={service.name} />
          </PageTitle>
          <RoleNote needs="define" />
          {service.unreadable && <UnreadableNote noun="service" />}
        </>
      )}
      {service && !service.unreadable && (
        <div key={service.id} className="grid items-start gap-4 xl:grid-cols-2">
          <div className="min-w-0 space-y-4">
            <ServiceSettingsPanel service={service} />
            <CredentialPanel key={service.authType} service={service} refused={refused} />
            <ServiceAgentsPanel serviceId={service.id} />
          </div>
          <div className="min-w-0 space-y-4">
            <TestCallPanel
              key={chosen.count}
              serviceId={service.id}
              chosen={chosen}
              isChosen={chosen.count > 0}
            />
            <DocumentsPanel serviceId={service.id} />
            <OperationsPanel
              serviceId={service.id}
              onTry={(operation) =>
                setChosen({
                  method: operation.method,
                  path: operation.call_path,
                  count: chosen.count + 1,
                })
              }
            />
          </div>
        </div>
      )}
    </>
  );
}
