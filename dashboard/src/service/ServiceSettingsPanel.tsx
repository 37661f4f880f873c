/** What a service is called and where it is, to be changed. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import type { Service } from '#/client';
import { updateServiceMutation } from '#/client/@tanstack/react-query.gen';
import { Panel } from '#/ui/parts';
import { SaveRow } from '#/ui/SaveRow';
import { SERVICE_FIELDS, ServiceFields, serviceBody } from './ServiceFields';

/** The settings. */
export function ServiceSettingsPanel({ service }: { service: Service }) {
  const [draft, setDraft] = useState(() => ({
    name: service.name,
    baseUrl: service.baseUrl,
    authType: service.authType,
    description: service.description ?? '',
  }));
  const queries = useQueryClient();
  const save = useMutation({
    ...updateServiceMutation(),
    onSuccess: () => queries.invalidateQueries(),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate({ path: { id: service.id }, body: serviceBody(draft) });
  };
  const drops = draft.authType !== service.authType && service.credentials.count > 0;
  const moves = draft.baseUrl.trim() !== service.baseUrl;
  return (
    <Panel title="Settings">
      <form onSubmit={submit} onChange={save.reset} className="space-y-4">
        <ServiceFields draft={draft} error={save.error} onChange={setDraft} />
        {(drops || moves) && (
          <ul aria-live="polite" className="list-disc space-y-1 pl-5 text-sm text-warn">
            {drops && <li>The present credential is dropped: give a new one after saving.</li>}
            {moves && <li>What was approved for the old address can no longer be executed.</li>}
          </ul>
        )}
        <SaveRow save={save} fields={SERVICE_FIELDS}>
          Save settings
        </SaveRow>
      </form>
    </Panel>
  );
}
