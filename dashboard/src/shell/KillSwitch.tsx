/** The switch that stops every agent of the workspace at once. */
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

/** How long switching may take, in milliseconds; it ends what runs within a second. */
const SWITCH_MS_MAX = 15_000;

/** The button, and what it opens. */
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
        <span className="sr-only sm:not-sr-only">{state?.active ? 'Release the ' : ''}</span>
        {state?.active ? 'kill switch' : 'Kill switch'}
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
    // Whether it was switched is the gateway's to say, above all if its response was lost.
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
    <Modal title={isActive ? 'Let agents work again?' : 'Stop every agent?'} onClose={onClose}>
      <form onSubmit={submit} className="space-y-4">
        {isActive ? (
          <p className="text-sm">
            Agents may send requests again. What was revoked stays revoked: they have to ask anew.
          </p>
        ) : (
          <ul className="list-disc space-y-1 pl-5 text-sm">
            <li>Every new request of every agent in this workspace is refused.</li>
            <li>Requests that are running now are cut within a second.</li>
            <li>Everything that waits or is approved is revoked, and stays so.</li>
          </ul>
        )}
        {!isActive && (
          <TextField
            label="Why (optional)"
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
            {isActive ? 'Let agents work again' : 'Stop every agent'}
          </Button>
        </div>
      </form>
    </Modal>
  );
}

/** Says on every page that everything is stopped. */
export function KillSwitchBanner() {
  const { data: state } = useQuery(getKillSwitchOptions());
  if (!state?.active) return null;
  return (
    <p role="alert" className="bg-bad-fill px-3 py-2 text-sm font-semibold text-white">
      The kill switch is on: every request of every agent is refused
      {state.activated_at && <> since {dateTime(state.activated_at)}</>}.
      {state.reason && (
        <>
          {' '}
          <Visible text={state.reason} />
        </>
      )}
    </p>
  );
}
