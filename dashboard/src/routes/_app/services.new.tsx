import { createFileRoute } from '@tanstack/react-router';
import { NewService } from '#/service/NewService';
import { BackLink } from '#/ui/BackLink';
import { PageTitle } from '#/ui/PageTitle';

export const Route = createFileRoute('/_app/services/new')({ component: NewServicePage });

function NewServicePage() {
  const navigate = Route.useNavigate();
  return (
    <>
      <BackLink to="/services">All services</BackLink>
      <PageTitle>New service</PageTitle>
      <NewService
        onCreated={({ service }) =>
          void navigate({ to: '/services/$id', params: { id: service.id } })
        }
      />
    </>
  );
}
