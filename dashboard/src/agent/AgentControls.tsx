/** What takes rights from an agent, or gives them back. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { Agent, KeyedAgent } from '#/client';
import {
  blockAgentMutation,
  deleteAgentMutation,
  rotateAgentKeyMutation,
  unblockAgentMutation,
} from '#/client/@tanstack/react-query.gen';
import { Visible } from '#/text/Visible';
import { Button } from '#/ui/Button';
import { Confirm } from '#/ui/Confirm';
import { Failure } from '#/ui/Failure';
import { Panel } from '#/ui/Panel';
import { AgentKeyDialog } from './AgentKeyDialog';

/** The agent's key: its beginning, and a new one. */
export function AgentKeyPanel({ agent }: { agent: Agent }) {
  const [isAsking, setIsAsking] = useState(false);
  const [keyed, setKeyed] = useState<KeyedAgent | null>(null);
  const queries = useQueryClient();
  const rotate = useMutation({
    ...rotateAgentKeyMutation(),
    // What it holds must not outlive the page.
    gcTime: 0,
    onSuccess: async (made) => {
      setIsAsking(false);
      setKeyed(made);
      await queries.invalidateQueries();
    },
  });
  return (
    <Panel title="Key">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <code className="text-sm break-all">{agent.keyPrefix}…</code>
        <Button onClick={() => setIsAsking(true)}>Rotate key…</Button>
      </div>
      {isAsking && (
        <Confirm
          title="Make a new key?"
          action="Rotate key"
          isBusy={rotate.isPending}
          error={rotate.error}
          onConfirm={() => rotate.mutate({ path: { id: agent.id } })}
          onClose={() => setIsAsking(false)}
        >
          <p>
            The present key stops at once: <Visible text={agent.name} /> can do nothing until it has
            the new one.
          </p>
        </Confirm>
      )}
      {keyed && <AgentKeyDialog keyed={keyed} onStored={() => setKeyed(null)} />}
    </Panel>
  );
}

/** Block, unblock, delete. */
export function AgentStopPanel({ agent }: { agent: Agent }) {
  const [asking, setAsking] = useState<'block' | 'delete' | null>(null);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const close = () => setAsking(null);
  const block = useMutation({
    ...blockAgentMutation(),
    onSuccess: async () => {
      close();
      await queries.invalidateQueries();
    },
  });
  const unblock = useMutation({
    ...unblockAgentMutation(),
    onSuccess: () => queries.invalidateQueries(),
  });
  const remove = useMutation({
    ...deleteAgentMutation(),
    onSuccess: async () => {
      await navigate({ to: '/agents' });
      await queries.invalidateQueries();
    },
  });
  const path = { id: agent.id };
  return (
    <Panel title="Stop it">
      <div className="space-y-3">
        <p className="text-sm">
          {agent.blocked
            ? 'It is blocked: every request is refused. What was revoked stays revoked when it may work again.'
            : 'Blocking refuses every new request, cuts what is running within a second, and revokes all that waits or is approved.'}
        </p>
        <Failure error={unblock.error} />
        <div className="flex flex-wrap gap-2">
          {agent.blocked ? (
            <Button isBusy={unblock.isPending} onClick={() => unblock.mutate({ path })}>
              Unblock
            </Button>
          ) : (
            <Button tone="bad" onClick={() => setAsking('block')}>
              Block…
            </Button>
          )}
          <Button onClick={() => setAsking('delete')}>Delete…</Button>
        </div>
      </div>
      {asking === 'block' && (
        <Confirm
          title="Block this agent?"
          action="Block"
          isBusy={block.isPending}
          error={block.error}
          onConfirm={() => block.mutate({ path })}
          onClose={close}
        >
          <ul className="list-disc space-y-1 pl-5">
            <li>
              Every new request of <Visible text={agent.name} /> is refused.
            </li>
            <li>What is running now is cut within a second.</li>
            <li>What waits or is approved is revoked, and stays so.</li>
          </ul>
        </Confirm>
      )}
      {asking === 'delete' && (
        <Confirm
          title="Delete this agent?"
          action="Delete"
          isBusy={remove.isPending}
          error={remove.error}
          onConfirm={() => remove.mutate({ path })}
          onClose={close}
        >
          <p>
            The key of <Visible text={agent.name} /> stops at once and what waits is revoked. Its
            requests stay in the record. This cannot be undone.
          </p>
        </Confirm>
      )}
    </Panel>
  );
}
