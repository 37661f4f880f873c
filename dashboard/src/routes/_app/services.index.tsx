import { useQuery } from '@tanstack/react-query';
import { createFileRoute, Link } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { listServicesOptions } from '#/client/@tanstack/react-query.gen';
import { ServiceList } from '#/service/ServiceList';
import { MAIN_BUTTON } from '#/ui/Button';
import { Empty } from '#/ui/Empty';
import { Failure } from '#/ui/Failure';
import { Loading } from '#/ui/Loading';
import { PageTitle } from '#/ui/PageTitle';
import { IfPermitted, RoleNote } from '#/ui/RoleNote';

export const Route = createFileRoute('/_app/services/')({ component: Services });

function Services() {
  const services = useQuery(listServicesOptions());
  return (
    <>
      <PageTitle
        actions={
          <IfPermitted needs="define">
            <Link to="/services/new" className={MAIN_BUTTON}>
              <Plus aria-hidden className="size-4" /> New service
            </Link>
          </IfPermitted>
        }
      >
        Services
      </PageTitle>
      <RoleNote needs="define" />
      {services.isPending && <Loading />}
      <Failure error={services.error} onRetry={services.refetch} />
      {services.data?.length === 0 && (
        <Empty title="No services yet">
          <p>A service is an API that agents can call, with a credential that they never see.</p>
          <Link to="/set-up" className="inline-block text-brand underline">
            Start guided setup
          </Link>
        </Empty>
      )}
      {services.data && services.data.length > 0 && <ServiceList services={services.data} />}
    </>
  );
}
