/** The set-up step that creates an agent. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import type { Agent, KeyedAgent, Service } from '#/client';
import { createAgentMutation } from '#/client/@tanstack/react-query.gen';
import { fieldError, formError } from '#/session/client';
import { Visible } from '#/text/Visible';
import { Button } from '#/ui/Button';
import { Failure } from '#/ui/Failure';
import { Panel } from '#/ui/Panel';
import { TextField } from '#/ui/TextField';

/** Creates an agent, or shows the one that was created before. */
export function AgentStep({
  service,
  agent,
  onCreated,
  onDone,
}: {
  service: Service;
  agent: Agent | undefined;
  onCreated: (keyed: KeyedAgent) => void;
  onDone: () => void;
}) {
  if (!agent) return <NewAgentForm service={service} onCreated={onCreated} />;
  return (
    <Panel title="Give an agent access">
      <div className="space-y-4">
        <p className="text-sm">
          “<Visible text={agent.name} />” has its own key. Change its settings and scope on{' '}
          <Link to="/agents/$id" params={{ id: agent.id }} className="text-brand underline">
            its page
          </Link>
          .
        </p>
        <Button tone="main" onClick={onDone}>
          Continue
        </Button>
      </div>
    </Panel>
  );
}

/** Asks only for a name; the rest can be set later. */
function NewAgentForm({
  service,
  onCreated,
}: {
  service: Service;
  onCreated: (keyed: KeyedAgent) => void;
}) {
  const [name, setName] = useState('assistant');
  const queries = useQueryClient();
  const create = useMutation({
    ...createAgentMutation(),
    // Drops the key from the cache with the page.
    gcTime: 0,
    onSuccess: async (keyed) => {
      onCreated(keyed);
      await queries.invalidateQueries();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate({ body: { name: name.trim(), serviceIds: [service.id] } });
  };
  return (
    <Panel title="Give an agent access">
      <form onSubmit={submit} onChange={create.reset} className="space-y-4">
        <p className="text-sm">
          Its key gives access only to “
          <Visible text={service.name} />
          ”.
        </p>
        <TextField
          label="Agent name"
          required
          autoFocus
          maxLength={100}
          value={name}
          error={fieldError(create.error, 'name')}
          onChange={(event) => setName(event.target.value)}
        />
        <Failure error={formError(create.error, ['name'])} />
        <Button needs="define" type="submit" tone="main" isBusy={create.isPending}>
          Create agent
        </Button>
      </form>
    </Panel>
  );
}
