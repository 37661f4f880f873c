/** The first agent. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import type { KeyedAgent, Service } from '#/client';
import { createAgentMutation } from '#/client/@tanstack/react-query.gen';
import { fieldError, formError } from '#/session/client';
import { Visible } from '#/text/Visible';
import { Button } from '#/ui/Button';
import { Failure } from '#/ui/Failure';
import { Panel } from '#/ui/Panel';
import { TextField } from '#/ui/TextField';

/** Its name; the rest can be set later. */
export function AgentStep({
  service,
  onDone,
}: {
  service: Service;
  onDone: (keyed: KeyedAgent) => void;
}) {
  const [name, setName] = useState('assistant');
  const queries = useQueryClient();
  const create = useMutation({
    ...createAgentMutation(),
    // What it holds must not outlive the page.
    gcTime: 0,
    onSuccess: async (keyed) => {
      onDone(keyed);
      await queries.invalidateQueries();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate({ body: { name: name.trim(), serviceIds: [service.id] } });
  };
  return (
    <Panel title="Give an agent access">
      <form onSubmit={submit} className="space-y-4">
        <p className="text-sm">
          It gets a key of its own and may ask for <Visible text={service.name} />. Whatever is
          risky waits for you.
        </p>
        <TextField
          label="The agent’s name"
          required
          maxLength={100}
          value={name}
          error={fieldError(create.error, 'name')}
          onChange={(event) => setName(event.target.value)}
        />
        <Failure error={formError(create.error, ['name'])} />
        <Button type="submit" tone="main" isBusy={create.isPending}>
          Create agent
        </Button>
      </form>
    </Panel>
  );
}
