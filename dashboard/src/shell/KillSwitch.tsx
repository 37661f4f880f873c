/** The kill switch, which stops all agents of the workspace immediately. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { OctagonX } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import {
  getKillSwitchOptions,
  getKillSwitchQueryKey,
  listAgentsOptions,
  listApprovalsOptions,
  listPendingApprovalsOptions,
  setKillSwitchMutation,
} from '#/client/@tanstack/react-query.gen';
import { UserActor } from '#/names/Actor';
import { counted } from '#/text/count';
import { dateTime } from '#/text/time';
import { Visible } from '#/text/Visible';
import { Button } from '#/ui/Button';
import { Failure } from '#/ui/Failure';
import { Modal } from '#/ui/Modal';
import { TextField } from '#/ui/TextField';

/** Request timeout, in milliseconds. The gateway aborts running requests within a second. */
const SWITCH_MS_MAX = 15_000;

/** Shows the button that opens the dialog. */
export function KillSwitchButton({ onOpen }: { onOpen: () => void }) {
  const { data: state } = useQuery(getKillSwitchOptions());
  return (
    <Button
      needs={state?.active ? 'define' : 'stop'}
      tone={state?.active ? 'plain' : 'bad'}
      onClick={onOpen}
      disabled={!state}
      className="w-full"
    >
      <OctagonX aria-hidden className="size-4" />
      <span>
        {state?.active ? 'Resume' : 'Stop'}
        {/* A phone has no room for it. */}
        <span className="sr-only sm:not-sr-only"> agents</span>
      </span>
    </Button>
  );
}

/** The dialog that stops all agents, or lets them resume. */
export function KillSwitchDialog({ onClose }: { onClose: () => void }) {
  const { data: current } = useQuery(getKillSwitchOptions());
  // A change from elsewhere must not change what is being confirmed.
  const [isActive] = useState(current?.active ?? false);
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
            <li>New requests from every agent in this workspace are refused.</li>
            <li>Running requests are canceled within a second.</li>
            <li>Pending and approved requests are revoked permanently.</li>
            <Affected />
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

/** The number of approved requests that are counted; a plus sign marks that there are more. */
const COUNTED_MAX = 200;

/** Counts what the kill switch stops now. */
function Affected() {
  // Counted again each time the dialog opens: earlier counts may be out of date.
  const now = { refetchOnMount: 'always' } as const;
  const agents = useQuery({ ...listAgentsOptions(), ...now });
  const pending = useQuery({ ...listPendingApprovalsOptions(), ...now });
  const approved = useQuery({
    ...listApprovalsOptions({ query: { status: 'APPROVED', limit: COUNTED_MAX } }),
    ...now,
  });
  if (!agents.data || !pending.data || !approved.data) return null;
  const { items, next_cursor } = approved.data;
  return (
    <li className="font-semibold">
      Now: {counted(agents.data.length, 'agent')}, {pending.data.approvals.length} pending,{' '}
      {items.length}
      {next_cursor !== null && '+'} approved
    </li>
  );
}

/** The banner on every page while the kill switch is on. */
export function KillSwitchBanner({ onResume }: { onResume: () => void }) {
  const { data: state } = useQuery(getKillSwitchOptions());
  if (!state?.active) return null;
  return (
    <div
      role="alert"
      className="flex flex-wrap items-center justify-between gap-x-3 gap-y-1 bg-bad-fill px-3 py-2 text-sm text-white"
    >
      <p className="min-w-0 flex-1 basis-64 [&_svg]:text-white">
        <strong>The kill switch is on: all agents are stopped.</strong>
        {state.activated_at && <> Since {dateTime(state.activated_at)}</>}
        {state.activated_by !== null && (
          <>
            {' by '}
            <UserActor id={state.activated_by} name={state.activated_by_name} />
          </>
        )}
        {(state.activated_at || state.activated_by !== null) && '.'}
        {state.reason && (
          <>
            {' Reason: '}
            <Visible text={state.reason} />
          </>
        )}
      </p>
      <Button needs="define" className="text-ink" onClick={onResume}>
        Resume…
      </Button>
    </div>
  );
}
