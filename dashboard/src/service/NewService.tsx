/** Creating a service from the catalog. */
import { useState } from 'react';
import type { Service } from '#/client';
import { CatalogPicker } from './CatalogPicker';
import { CATALOG, CUSTOM } from './catalog';
import { NewServiceForm, type ServiceEntry } from './NewServiceForm';

/** Shows the catalog, then the form. Keeps the input of each template while this is mounted. */
export function NewService({
  template: chosen,
  isShort = false,
  onTemplate,
  onCreated,
}: {
  /** The name of the chosen template, or `custom`; undefined shows the catalog. */
  template: string | undefined;
  /** Whether the catalog begins with a short list. */
  isShort?: boolean;
  onTemplate: (template: string | undefined) => void;
  onCreated: (service: Service) => void;
}) {
  // Not in the browser's storage: it has the credential.
  const [entries] = useState(() => new Map<string, ServiceEntry>());
  const template = CATALOG.find(({ name }) => name === chosen);
  if (chosen === undefined || (chosen !== CUSTOM && !template)) {
    return (
      <CatalogPicker isShort={isShort} onChoose={(picked) => onTemplate(picked?.name ?? CUSTOM)} />
    );
  }
  return (
    <NewServiceForm
      key={chosen}
      template={template}
      entry={entries.get(chosen)}
      onEntry={(entry) => void entries.set(chosen, entry)}
      onCreated={onCreated}
      onBack={() => onTemplate(undefined)}
    />
  );
}
