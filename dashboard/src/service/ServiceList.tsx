/** The services of the workspace. */
import { Link } from '@tanstack/react-router';
import type { Service } from '#/client';
import { Visible } from '#/text/Visible';
import { Badge } from '#/ui/Badge';
import { DefinitionName, UnreadableBadge } from '#/ui/Unreadable';
import { authTypeName } from './credential';

/** Lists the services. */
export function ServiceList({ services }: { services: readonly Service[] }) {
  return (
    <ul aria-label="Services" className="space-y-2">
      {services.map((service) => (
        <li key={service.id}>
          <Link
            to="/services/$id"
            params={{ id: service.id }}
            className="grid gap-x-4 gap-y-1 rounded-lg border border-line bg-panel p-3 hover:bg-raised md:grid-cols-[minmax(0,2fr)_minmax(0,3fr)_auto] md:items-center"
          >
            <span className="min-w-0 font-semibold">
              <DefinitionName noun="service" id={service.id} name={service.name} />
            </span>
            <span className="min-w-0 font-mono text-[0.8rem]">
              <Visible text={service.baseUrl} />
            </span>
            <span>
              <CredentialState service={service} />
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

/** Shows the credential's type, or that it is missing. */
export function CredentialState({ service }: { service: Service }) {
  if (service.unreadable) return <UnreadableBadge />;
  if (service.authType === 'none') return <Badge>No credential</Badge>;
  if (service.credentials.count === 0) return <Badge tone="warn">Credential missing</Badge>;
  return <Badge tone="good">{authTypeName(service.authType)}</Badge>;
}
