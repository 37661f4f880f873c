/** The dialog that creates an agent. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import type { KeyedAgent } from '#/client';
import { createAgentMutation } from '#/client/@tanstack/react-query.gen';
import { fieldError, formError } from '#/session/client';
import { Button } from '#/ui/Button';
import { Failure } from '#/ui/Failure';
import { Modal } from '#/ui/Modal';
import { ScopeField } from './ScopeField';
import { SETTINGS_FIELDS, SettingsFields } from './SettingsFields';
import { expiryError, settingsOf, toFields } from './settings';

/** Creates an agent and passes its key to `onCreated`. */
export function NewAgent({
  onCreated,
  onClose,
}: {
  onCreated: (created: KeyedAgent) => void;
  onClose: () => void;
}) {
  const [settings, setSettings] = useState(settingsOf);
  const [serviceIds, setServiceIds] = useState<number[]>([]);
  const [fault, setFault] = useState<string>();
  const queries = useQueryClient();
  const create = useMutation({
    ...createAgentMutation(),
    // Drops the key from the cache with the page.
    gcTime: 0,
    onSuccess: async (created) => {
      onCreated(created);
      await queries.invalidateQueries();
    },
  });
  const edit = () => {
    create.reset();
    setFault(undefined);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const found = expiryError(settings.expiresAt, '', Date.now());
    setFault(found);
    if (found) return;
    create.mutate({ body: { ...toFields(settings), serviceIds } });
  };
  return (
    <Modal title="New agent" onClose={onClose}>
      <form onSubmit={submit} onChange={edit} className="space-y-4">
        <SettingsFields
          settings={settings}
          error={create.error}
          fault={fault}
          onChange={setSettings}
        />
        <ScopeField
          chosen={serviceIds}
          error={fieldError(create.error, 'serviceIds')}
          onChange={setServiceIds}
        />
        <Failure error={formError(create.error, [...SETTINGS_FIELDS, 'serviceIds'])} />
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button needs="define" type="submit" tone="main" isBusy={create.isPending}>
            Create agent
          </Button>
        </div>
      </form>
    </Modal>
  );
}
