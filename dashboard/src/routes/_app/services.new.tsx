import { createFileRoute } from '@tanstack/react-router';
import { NewService } from '#/service/NewService';
import { BackLink } from '#/ui/BackLink';
import { PageTitle } from '#/ui/PageTitle';
import { RoleNote } from '#/ui/RoleNote';

interface Search {
  template?: string;
}

export const Route = createFileRoute('/_app/services/new')({
  validateSearch: ({ template }: Record<string, unknown>): Search =>
    typeof template === 'string' ? { template } : {},
  component: NewServicePage,
});

function NewServicePage() {
  const { template } = Route.useSearch();
  const navigate = Route.useNavigate();
  return (
    <>
      <BackLink to="/services">All services</BackLink>
      <PageTitle>New service</PageTitle>
      <RoleNote needs="define" />
      <NewService
        template={template}
        onTemplate={(picked) => void navigate({ search: picked ? { template: picked } : {} })}
        onCreated={(service) => void navigate({ to: '/services/$id', params: { id: service.id } })}
      />
    </>
  );
}
