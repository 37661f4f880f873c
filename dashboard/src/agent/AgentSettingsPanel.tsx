/** Panels that change an agent's settings and scope. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import type { Agent } from '#/client';
import { setAgentServicesMutation, updateAgentMutation } from '#/client/@tanstack/react-query.gen';
import { fieldError } from '#/session/client';
import { CheckField } from '#/ui/CheckField';
import { Panel } from '#/ui/Panel';
import { SaveRow } from '#/ui/SaveRow';
import { useStored } from '#/ui/useStored';
import { ScopeField } from './ScopeField';
import { SETTINGS_FIELDS, SettingsFields } from './SettingsFields';
import { expiryError, settingsOf, toFields } from './settings';

/** Edits the settings. */
export function AgentSettingsPanel({ agent }: { agent: Agent }) {
  const [settings, setSettings] = useStored(settingsOf(agent));
  const [isActive, setIsActive] = useStored(agent.isActive);
  const [fault, setFault] = useState<string>();
  const queries = useQueryClient();
  const save = useMutation({
    ...updateAgentMutation(),
    onSuccess: () => queries.invalidateQueries(),
  });
  const edit = () => {
    save.reset();
    setFault(undefined);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const found = expiryError(settings.expiresAt, settingsOf(agent).expiresAt, Date.now());
    setFault(found);
    if (found) return;
    save.mutate({ path: { id: agent.id }, body: { ...toFields(settings, agent), isActive } });
  };
  return (
    <Panel title="Settings">
      <form onSubmit={submit} onChange={edit} className="space-y-4">
        <SettingsFields
          settings={settings}
          error={save.error}
          fault={fault}
          onChange={setSettings}
        />
        <CheckField
          label="Agent enabled"
          hint={
            agent.blocked
              ? 'The agent is blocked. Unblock it under “Block or delete”.'
              : 'Disabling refuses new requests and cancels running ones. Pending and approved requests remain.'
          }
          disabled={agent.blocked}
          checked={isActive && !agent.blocked}
          onChange={(event) => setIsActive(event.target.checked)}
        />
        <SaveRow save={save} fields={SETTINGS_FIELDS}>
          Save settings
        </SaveRow>
      </form>
    </Panel>
  );
}

/** Edits the services that the agent can use. */
export function AgentScopePanel({ agent }: { agent: Agent }) {
  const [serviceIds, setServiceIds] = useStored(agent.services.map(({ id }) => id));
  const queries = useQueryClient();
  const save = useMutation({
    ...setAgentServicesMutation(),
    onSuccess: () => queries.invalidateQueries(),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate({ path: { id: agent.id }, body: { serviceIds } });
  };
  return (
    <Panel title="Scope">
      <form onSubmit={submit} onChange={save.reset} className="space-y-4">
        <ScopeField
          chosen={serviceIds}
          error={fieldError(save.error, 'serviceIds')}
          onChange={setServiceIds}
        />
        <p className="text-sm text-soft">
          Removing a service takes effect immediately, even for approved requests.
        </p>
        <SaveRow save={save} fields={['serviceIds']}>
          Save scope
        </SaveRow>
      </form>
    </Panel>
  );
}
