/** The set-up step that chooses a service. */
import { useQuery } from '@tanstack/react-query';
import type { Service } from '#/client';
import { listServicesOptions } from '#/client/@tanstack/react-query.gen';
import type { Template } from '#/service/catalog';
import { NewService } from '#/service/NewService';
import { Visible } from '#/text/Visible';
import { Button } from '#/ui/Button';

/** Chooses an existing service or creates one. */
export function ServiceStep({
  onDone,
}: {
  onDone: (done: { service: Service; template?: Template | undefined }) => void;
}) {
  const services = useQuery(listServicesOptions());
  return (
    <div className="space-y-5">
      {services.data && services.data.length > 0 && (
        <section className="space-y-2">
          <h2 className="font-semibold">Use an existing service</h2>
          <ul className="flex flex-wrap gap-2">
            {services.data.map((service) => (
              <li key={service.id}>
                <Button onClick={() => onDone({ service })}>
                  <Visible text={service.name} />
                </Button>
              </li>
            ))}
          </ul>
        </section>
      )}
      <section className="space-y-3">
        <h2 className="font-semibold">Which API should your agents use?</h2>
        <NewService onCreated={onDone} />
      </section>
    </div>
  );
}
