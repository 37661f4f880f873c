/** Creating a service from the catalog. */
import { useState } from 'react';
import type { Service } from '#/client';
import { CatalogPicker } from './CatalogPicker';
import type { Template } from './catalog';
import { NewServiceForm } from './NewServiceForm';

/** Shows the catalog, then the form. */
export function NewService({
  onCreated,
}: {
  onCreated: (created: { service: Service; template: Template | undefined }) => void;
}) {
  const [choice, setChoice] = useState<{ template: Template | undefined } | null>(null);
  if (!choice) return <CatalogPicker onChoose={(template) => setChoice({ template })} />;
  const { template } = choice;
  return (
    <NewServiceForm
      template={template}
      onCreated={(service) => onCreated({ service, template })}
      onBack={() => setChoice(null)}
    />
  );
}
