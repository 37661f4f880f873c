/** What a human can still do about a request that was held: withdraw it, or say how it ended. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Action } from '#/client';
import { resolveMutation, revokeMutation } from '#/client/@tanstack/react-query.gen';
import { Button } from '#/ui/Button';
import { Confirm } from '#/ui/Confirm';
import { Panel } from '#/ui/Panel';
import { SelectField } from '#/ui/SelectField';
import { TextField } from '#/ui/TextField';

/** The part of the page that offers it; nothing where there is nothing to do. */
export function FollowUp({ action }: { action: Action }) {
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
    <Panel title="Approved, and not sent yet">
      <p className="mb-3 text-sm">
        The agent may have it sent at any moment. You can take the approval back until then.
      </p>
      <Button tone="bad" onClick={() => setIsOpen(true)}>
        Revoke the approval…
      </Button>
      {isOpen && (
        <Confirm
          title="Revoke the approval?"
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
          <p>It is not sent then. The agent has to ask anew.</p>
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
  ['executed', 'It was carried out'],
  ['not_executed', 'It was not carried out'],
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
    <Panel title="What became of it?">
      <p className="mb-3 text-sm">
        The gateway cannot know whether the service carried this out, and will not send it again.
        Look at the service, then say what you found.
      </p>
      <div className="grid gap-3 sm:grid-cols-2">
        <SelectField
          label="What you found"
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
        Settle…
      </Button>
      {isOpen && (outcome === 'executed' || outcome === 'not_executed') && (
        <Confirm
          title={`${text}?`}
          action="Settle"
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
          <p>This is told to the agent and cannot be changed.</p>
        </Confirm>
      )}
    </Panel>
  );
}

function noteBody(note: string): { note?: string } {
  return note.trim() === '' ? {} : { note: note.trim() };
}
