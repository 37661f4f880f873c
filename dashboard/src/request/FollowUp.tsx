/** The controls for a decided request: revoke its approval, or record its outcome. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Action } from '#/client';
import { resolveMutation, revokeMutation } from '#/client/@tanstack/react-query.gen';
import { Button } from '#/ui/Button';
import { Confirm } from '#/ui/Confirm';
import { Panel } from '#/ui/Panel';
import { SelectField } from '#/ui/SelectField';
import { TextField } from '#/ui/TextField';

/** Shows the panel for an action's status; renders nothing if there is nothing to do. */
export function FollowUp({ action }: { action: Action }) {
  if (!action.may_decide) return null;
  if (action.status === 'APPROVED') return <Revoke action={action} />;
  if (action.status === 'INDETERMINATE') return <Resolve action={action} />;
  return null;
}

function Revoke({ action }: { action: Action }) {
  const [isOpen, setIsOpen] = useState(false);
  const [note, setNote] = useState('');
  const queries = useQueryClient();
  const revoke = useMutation({
    ...revokeMutation(),
    onSuccess: () => setIsOpen(false),
    onSettled: () => queries.invalidateQueries(),
  });
  return (
    <Panel title="Approved, not sent yet">
      <p className="mb-3 text-sm">
        The agent can execute it until the approval expires. Until it is sent, you can revoke the
        approval.
      </p>
      <Button tone="bad" onClick={() => setIsOpen(true)}>
        Revoke approval…
      </Button>
      {isOpen && (
        <Confirm
          title="Revoke this approval?"
          action="Revoke"
          isBusy={revoke.isPending}
          error={revoke.error}
          onConfirm={() =>
            revoke.mutate({
              path: { action_id: action.action_id },
              body: noteBody(note),
            })
          }
          onClose={() => setIsOpen(false)}
        >
          <p>The request will not be sent. The agent has to request it again.</p>
          <TextField
            label="Note to the agent (optional)"
            maxLength={1000}
            value={note}
            onChange={({ target }) => setNote(target.value)}
          />
        </Confirm>
      )}
    </Panel>
  );
}

const OUTCOMES = [
  ['', 'Choose…'],
  ['executed', 'It was executed'],
  ['not_executed', 'It was not executed'],
] as const;

function Resolve({ action }: { action: Action }) {
  const [outcome, setOutcome] = useState('');
  const [note, setNote] = useState('');
  const [isOpen, setIsOpen] = useState(false);
  const queries = useQueryClient();
  const resolve = useMutation({
    ...resolveMutation(),
    onSuccess: () => setIsOpen(false),
    onSettled: () => queries.invalidateQueries(),
  });
  const text = OUTCOMES.find(([value]) => value === outcome)?.[1] ?? '';
  return (
    <Panel title="Record the outcome">
      <p className="mb-3 text-sm">
        The gateway cannot know whether the service executed this, and will not send it again. Check
        the service, then record the outcome.
      </p>
      <div className="grid gap-3 sm:grid-cols-2">
        <SelectField
          label="Outcome"
          options={OUTCOMES}
          value={outcome}
          onChange={({ target }) => setOutcome(target.value)}
        />
        <TextField
          label="Note to the agent (optional)"
          maxLength={1000}
          value={note}
          onChange={({ target }) => setNote(target.value)}
        />
      </div>
      <Button
        tone="main"
        className="mt-3"
        disabled={outcome === ''}
        onClick={() => setIsOpen(true)}
      >
        Record outcome…
      </Button>
      {isOpen && (outcome === 'executed' || outcome === 'not_executed') && (
        <Confirm
          title={`Record “${text}”?`}
          action="Record outcome"
          isBusy={resolve.isPending}
          error={resolve.error}
          onConfirm={() =>
            resolve.mutate({
              path: { action_id: action.action_id },
              body: { outcome, ...noteBody(note) },
            })
          }
          onClose={() => setIsOpen(false)}
        >
          <p>The agent sees this outcome. You cannot change it later.</p>
        </Confirm>
      )}
    </Panel>
  );
}

function noteBody(note: string): { note?: string } {
  return note.trim() === '' ? {} : { note: note.trim() };
}
