/** The set-up step that chooses a service. */
import { useQuery } from '@tanstack/react-query';
import type { Service } from '#/client';
import { listServicesOptions } from '#/client/@tanstack/react-query.gen';
import { CredentialPanel } from '#/service/CredentialPanel';
import { NewService } from '#/service/NewService';
import { ServiceSettingsPanel } from '#/service/ServiceSettingsPanel';
import { Visible } from '#/text/Visible';
import { Button } from '#/ui/Button';

/** Chooses an existing service or creates one. */
export function ServiceStep({
  template,
  onTemplate,
  onDone,
}: {
  /** The name of the chosen template, or `custom`. */
  template: string | undefined;
  onTemplate: (template: string | undefined) => void;
  onDone: (service: Service) => void;
}) {
  const services = useQuery(listServicesOptions());
  return (
    <div className="space-y-5">
      {template === undefined && services.data && services.data.length > 0 && (
        <section className="space-y-2">
          <h2 className="font-semibold">Use an existing service</h2>
          <ul className="flex flex-wrap gap-2">
            {services.data.map((service) => (
              <li key={service.id}>
                <Button onClick={() => onDone(service)}>
                  <Visible text={service.name} />
                </Button>
              </li>
            ))}
          </ul>
        </section>
      )}
      <section className="space-y-3">
        <h2 className="font-semibold">Which API should your agents use?</h2>
        <NewService template={template} isShort onTemplate={onTemplate} onCreated={onDone} />
      </section>
    </div>
  );
}

/** Shows a service that was chosen before, to correct it. */
export function ChosenService({ service, onDone }: { service: Service; onDone: () => void }) {
  return (
    <div className="max-w-3xl space-y-4">
      <ServiceSettingsPanel service={service} />
      <CredentialPanel key={service.authType} service={service} />
      <Button tone="main" onClick={onDone}>
        Continue
      </Button>
    </div>
  );
}
