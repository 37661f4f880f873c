/** Panels that rotate an agent's key, and block, unblock, or delete the agent. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { Agent, KeyedAgent } from '#/client';
import {
  blockAgentMutation,
  deleteAgentMutation,
  listAgentsQueryKey,
  rotateAgentKeyMutation,
  unblockAgentMutation,
} from '#/client/@tanstack/react-query.gen';
import { Visible } from '#/text/Visible';
import { Button } from '#/ui/Button';
import { Confirm } from '#/ui/Confirm';
import { Failure } from '#/ui/Failure';
import { Panel } from '#/ui/Panel';
import { AgentKeyDialog } from './AgentKeyDialog';

/** Shows the start of the agent's key and rotates it. */
export function AgentKeyPanel({ agent }: { agent: Agent }) {
  const [isAsking, setIsAsking] = useState(false);
  const [keyed, setKeyed] = useState<KeyedAgent | null>(null);
  const queries = useQueryClient();
  const rotate = useMutation({
    ...rotateAgentKeyMutation(),
    // Drops the key from the cache with the page.
    gcTime: 0,
    onSuccess: async (made) => {
      setIsAsking(false);
      setKeyed(made);
      await queries.invalidateQueries();
    },
  });
  return (
    <Panel title="Agent key">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <code className="text-sm break-all">{agent.keyPrefix}…</code>
        <Button needs="define" onClick={() => setIsAsking(true)}>
          Rotate key…
        </Button>
      </div>
      {isAsking && (
        <Confirm
          title="Rotate the key?"
          action="Rotate key"
          isBusy={rotate.isPending}
          error={rotate.error}
          onConfirm={() => rotate.mutate({ path: { id: agent.id } })}
          onClose={() => setIsAsking(false)}
        >
          <p>
            The current key stops working immediately. <Visible text={agent.name} /> needs the new
            one to send requests.
          </p>
        </Confirm>
      )}
      {keyed && <AgentKeyDialog keyed={keyed} onStored={() => setKeyed(null)} />}
    </Panel>
  );
}

/** Blocks, unblocks, or deletes the agent. */
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
      // Fetched first, so that the list does not show the deleted one for a moment.
      await queries.invalidateQueries({ queryKey: listAgentsQueryKey(), refetchType: 'all' });
      await navigate({ to: '/agents' });
      await queries.invalidateQueries();
    },
  });
  const path = { id: agent.id };
  return (
    <Panel title="Block or delete">
      <div className="space-y-3">
        <p className="text-sm">
          {agent.blocked
            ? 'Blocked: every request is refused. Unblocking does not restore revoked requests.'
            : 'Blocking refuses new requests, cancels running ones within a second, and revokes pending and approved ones.'}
        </p>
        <Failure error={unblock.error} />
        <div className="flex flex-wrap gap-2">
          {agent.blocked ? (
            <Button
              needs="define"
              isBusy={unblock.isPending}
              onClick={() => unblock.mutate({ path })}
            >
              Unblock
            </Button>
          ) : (
            <Button needs="stop" tone="bad" onClick={() => setAsking('block')}>
              Block…
            </Button>
          )}
          <Button needs="define" onClick={() => setAsking('delete')}>
            Delete…
          </Button>
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
              New requests from <Visible text={agent.name} /> are refused.
            </li>
            <li>Running requests are canceled within a second.</li>
            <li>Pending and approved requests are revoked permanently.</li>
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
            The key of <Visible text={agent.name} /> stops working immediately, and its pending
            requests are revoked. Its past requests stay in the history. This cannot be undone.
          </p>
        </Confirm>
      )}
    </Panel>
  );
}
