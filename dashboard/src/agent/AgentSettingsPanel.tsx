/** An agent's settings and scope, to be changed. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import type { Agent } from '#/client';
import { setAgentServicesMutation, updateAgentMutation } from '#/client/@tanstack/react-query.gen';
import { fieldError } from '#/session/client';
import { CheckField } from '#/ui/CheckField';
import { Panel } from '#/ui/Panel';
import { SaveRow } from '#/ui/SaveRow';
import { ScopeField } from './ScopeField';
import { SETTINGS_FIELDS, SettingsFields } from './SettingsFields';
import { settingsOf, toFields } from './settings';

/** The settings. */
export function AgentSettingsPanel({ agent }: { agent: Agent }) {
  const [settings, setSettings] = useState(() => settingsOf(agent));
  const [isActive, setIsActive] = useState(agent.isActive);
  const queries = useQueryClient();
  const save = useMutation({
    ...updateAgentMutation(),
    onSuccess: () => queries.invalidateQueries(),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate({ path: { id: agent.id }, body: { ...toFields(settings), isActive } });
  };
  return (
    <Panel title="Settings">
      <form onSubmit={submit} onChange={save.reset} className="space-y-4">
        <SettingsFields settings={settings} error={save.error} onChange={setSettings} />
        <CheckField
          label="Its key opens the gateway"
          hint="Switched off, every new request is refused; what waits or is approved stays."
          checked={isActive}
          onChange={(event) => setIsActive(event.target.checked)}
        />
        <SaveRow save={save} fields={SETTINGS_FIELDS}>
          Save settings
        </SaveRow>
      </form>
    </Panel>
  );
}

/** The scope. */
export function AgentScopePanel({ agent }: { agent: Agent }) {
  const [serviceIds, setServiceIds] = useState(() => agent.services.map(({ id }) => id));
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
          A service that is taken away can no longer be used from that moment on, not even for what
          was approved.
        </p>
        <SaveRow save={save} fields={['serviceIds']}>
          Save scope
        </SaveRow>
      </form>
    </Panel>
  );
}
