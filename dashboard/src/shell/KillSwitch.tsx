/** The kill switch, which stops all agents of the workspace immediately. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { OctagonX } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import {
  getKillSwitchOptions,
  getKillSwitchQueryKey,
  setKillSwitchMutation,
} from '#/client/@tanstack/react-query.gen';
import { dateTime } from '#/text/time';
import { Visible } from '#/text/Visible';
import { Button } from '#/ui/Button';
import { Failure } from '#/ui/Failure';
import { Modal } from '#/ui/Modal';
import { TextField } from '#/ui/TextField';

/** Request timeout, in milliseconds. The gateway aborts running requests within a second. */
const SWITCH_MS_MAX = 15_000;

/** Shows the button and its dialog. */
export function KillSwitch() {
  const [isOpen, setIsOpen] = useState(false);
  const { data: state } = useQuery(getKillSwitchOptions());
  return (
    <>
      <Button
        tone={state?.active ? 'plain' : 'bad'}
        onClick={() => setIsOpen(true)}
        disabled={!state}
      >
        <OctagonX aria-hidden className="size-4" />
        <span>
          {state?.active ? 'Resume' : 'Stop'}
          {/* A phone has no room for it. */}
          <span className="sr-only sm:not-sr-only"> agents</span>
        </span>
      </Button>
      {isOpen && state && (
        <KillSwitchDialog isActive={state.active} onClose={() => setIsOpen(false)} />
      )}
    </>
  );
}

function KillSwitchDialog({ isActive, onClose }: { isActive: boolean; onClose: () => void }) {
  const word = isActive ? 'RESUME' : 'STOP';
  const [typed, setTyped] = useState('');
  const [reason, setReason] = useState('');
  const queries = useQueryClient();
  const change = useMutation({
    ...setKillSwitchMutation(),
    onSuccess: async (state) => {
      queries.setQueryData(getKillSwitchQueryKey(), state);
      await queries.invalidateQueries();
      onClose();
    },
    // After an error, and above all after a lost response, only the gateway knows the state.
    onError: () => queries.invalidateQueries({ queryKey: getKillSwitchQueryKey() }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (typed !== word) return;
    const reasonGiven = !isActive && reason.trim() !== '' ? { reason } : {};
    change.mutate({
      body: { active: !isActive, ...reasonGiven },
      signal: AbortSignal.timeout(SWITCH_MS_MAX),
    });
  };
  return (
    <Modal title={isActive ? 'Resume all agents?' : 'Stop all agents?'} onClose={onClose}>
      <form onSubmit={submit} className="space-y-4">
        {isActive ? (
          <p className="text-sm">
            Agents can send requests again. Revoked requests stay revoked: agents have to send them
            again.
          </p>
        ) : (
          <ul className="list-disc space-y-1 pl-5 text-sm">
            <li>New requests from every agent in this workspace are rejected.</li>
            <li>Running requests are aborted within a second.</li>
            <li>Pending and approved requests are revoked permanently.</li>
          </ul>
        )}
        {!isActive && (
          <TextField
            label="Reason (optional)"
            maxLength={500}
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
        )}
        <TextField
          label={`Type ${word} to confirm`}
          autoFocus
          autoCapitalize="characters"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        <Failure error={change.error} />
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            tone={isActive ? 'main' : 'bad'}
            disabled={typed !== word}
            isBusy={change.isPending}
          >
            {isActive ? 'Resume all agents' : 'Stop all agents'}
          </Button>
        </div>
      </form>
    </Modal>
  );
}

/** The banner on every page while the kill switch is on. */
export function KillSwitchBanner() {
  const { data: state } = useQuery(getKillSwitchOptions());
  if (!state?.active) return null;
  return (
    <p role="alert" className="bg-bad-fill px-3 py-2 text-sm font-semibold text-white">
      The kill switch is on: all agents are stopped.
      {state.activated_at && <> Active since {dateTime(state.activated_at)}.</>}
      {state.reason && (
        <>
          {' Reason: '}
          <Visible text={state.reason} />
        </>
      )}
    </p>
  );
}
