/** Several requests as a table, and one decision on those that stay selected. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ArrowLeft } from 'lucide-react';
import { useId, useMemo, useState } from 'react';
import { targetOf } from '#/action/card';
import { frictionOf, TARGET_CHARACTERS_MAX } from '#/action/friction';
import { Headline } from '#/action/Headline';
import { ShortIntent } from '#/action/Intent';
import { LevelBadge } from '#/action/RiskBadge';
import { stakeOf } from '#/action/stake';
import { type Action, revoke } from '#/client';
import { Cut } from '#/text/Cut';
import { counted } from '#/text/count';
import { Visible } from '#/text/Visible';
import { Button } from '#/ui/Button';
import { CheckField } from '#/ui/CheckField';
import { Modal } from '#/ui/Modal';
import { useNow } from '#/ui/now';
import { sumOf } from './amount';
import { useDecisions } from './Decisions';
import { NoteField } from './NoteField';
import { type Ruling, UNDO_SECONDS } from './send';
import { type Row, type Table, tableOf } from './table';

/** How long a batch of approvals can be undone, in milliseconds. */
const UNDO_MS = UNDO_SECONDS * 1_000;

/** The result of a decision: null if it is confirmed, otherwise what went wrong. */
type Results = ReadonlyMap<string, string | null>;

/** Shows the requests. They stay on the page with their results after the decision. */
export function Batch({
  title,
  actions,
  pendingIds,
  isOffline,
  onClose,
}: {
  title: string;
  actions: readonly Action[];
  pendingIds: ReadonlySet<string>;
  isOffline: boolean;
  onClose: () => void;
}) {
  const { decideAll } = useDecisions();
  const table = useMemo(() => tableOf(actions), [actions]);
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const [asked, setAsked] = useState<Ruling['kind'] | null>(null);
  const [results, setResults] = useState<Results>(new Map());
  const [isBusy, setIsBusy] = useState(false);
  const [undoable, setUndoable] = useState<{ actions: Action[]; until: number } | null>(null);
  const [undone, setUndone] = useState<ReadonlySet<string>>(new Set());
  const chosen = table.rows.filter(
    ({ action: { action_id: id } }) =>
      !left.has(id) && pendingIds.has(id) && results.get(id) !== null,
  );
  const incomplete = chosen.filter(({ isComplete }) => !isComplete).length;
  const done = [...results.values()].filter((result) => result === null).length;
  const toggle = (id: string) =>
    setLeft((before) => {
      const after = new Set(before);
      if (!after.delete(id)) after.add(id);
      return after;
    });
  const decide = async (ruling: Ruling) => {
    setAsked(null);
    setIsBusy(true);
    const wanted = chosen.map(({ action }) => action);
    await decideAll(wanted, ruling, (action, result) =>
      setResults((before) => new Map(before).set(action.action_id, result)),
    );
    setIsBusy(false);
    if (ruling.kind === 'approve') setUndoable({ actions: wanted, until: Date.now() + UNDO_MS });
  };
  return (
    <article aria-label="Similar requests" className="space-y-3">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1">
        <Button tone="quiet" className="-ml-3" disabled={isBusy} onClick={onClose}>
          <ArrowLeft aria-hidden className="size-4" /> Back to queue
        </Button>
        <h1 className="text-lg font-semibold">
          <Visible text={title} />
        </h1>
      </div>
      <Common table={table} />
      <section
        aria-label="Requests"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so a keyboard has to reach it
        tabIndex={0}
        className="overflow-x-auto rounded-lg border border-line bg-panel"
      >
        <table className="w-full text-left text-sm">
          <thead className="border-b border-line text-xs text-soft">
            <tr>
              <th className="p-2">
                <span className="sr-only">Selected</span>
              </th>
              <th className="p-2 font-medium">Request</th>
              {table.columns.map((name) => (
                <th key={name} className="p-2 font-mono font-medium">
                  <Visible text={name} />
                </th>
              ))}
              <th className="p-2 font-medium">Risk</th>
              <th className="p-2 font-medium">Result</th>
            </tr>
          </thead>
          <tbody className="divide-y divide-line">
            {table.rows.map((row) => {
              const id = row.action.action_id;
              return (
                <RequestRow
                  key={id}
                  row={row}
                  isChosen={!left.has(id)}
                  isPending={pendingIds.has(id)}
                  result={results.get(id)}
                  isUndone={undone.has(id)}
                  isBusy={isBusy}
                  onToggle={() => toggle(id)}
                />
              );
            })}
          </tbody>
        </table>
      </section>
      <div className="sticky bottom-0 z-20 -mx-3 space-y-2 border-t border-line bg-panel p-3 sm:mx-0 sm:rounded-lg sm:border">
        <p role="status" className="text-sm empty:hidden">
          {results.size > 0 &&
            `${done.toLocaleString('en')} decided${results.size > done ? `, ${(results.size - done).toLocaleString('en')} failed` : ''}${isBusy ? '…' : '.'}`}
        </p>
        {undoable && (
          <UndoAll
            // Each decision has an undo of its own, also after one that was undone.
            key={undoable.until}
            actions={undoable.actions.filter(({ action_id: id }) => results.get(id) === null)}
            undone={undone}
            until={undoable.until}
            onUndone={(ids) => setUndone((before) => new Set([...before, ...ids]))}
          />
        )}
        {incomplete > 0 && (
          <p className="text-sm text-warn">
            {counted(incomplete, 'request')} cannot be approved here: the table omits some values.
            Open each such request, or clear its check box.
          </p>
        )}
        {isOffline && (
          <p className="text-sm text-warn">
            Not connected: you can decide once the gateway is back.
          </p>
        )}
        <div className="flex flex-wrap gap-2">
          <Button
            className="min-h-12 flex-1"
            disabled={isBusy || isOffline || chosen.length === 0}
            onClick={() => setAsked('deny')}
          >
            Deny {chosen.length.toLocaleString('en')}…
          </Button>
          <Button
            className="min-h-12 flex-1"
            isBusy={isBusy}
            disabled={isOffline || chosen.length === 0 || incomplete > 0}
            onClick={() => setAsked('approve')}
          >
            Approve {chosen.length.toLocaleString('en')}…
          </Button>
        </div>
      </div>
      {asked && (
        <Question
          kind={asked}
          actions={chosen.map(({ action }) => action)}
          onDecide={(ruling) => void decide(ruling)}
          onClose={() => setAsked(null)}
        />
      )}
    </article>
  );
}

/** Takes approvals back, until the gateway releases them to their agents. Those that fail can be tried again. */
function UndoAll({
  actions,
  undone,
  until,
  onUndone,
}: {
  actions: readonly Action[];
  undone: ReadonlySet<string>;
  until: number;
  onUndone: (ids: readonly string[]) => void;
}) {
  const now = useNow();
  const queries = useQueryClient();
  const left = actions.filter(({ action_id }) => !undone.has(action_id));
  const undo = useMutation({
    mutationFn: async () => {
      const ids = left.map(({ action_id }) => action_id);
      const revoked = await Promise.allSettled(
        ids.map((action_id) => revoke({ path: { action_id }, throwOnError: true })),
      );
      onUndone(ids.filter((_, index) => revoked[index]?.status === 'fulfilled'));
    },
    onSettled: () => queries.invalidateQueries(),
  });
  const seconds = Math.ceil((until - now) / 1_000);
  return (
    <>
      {undo.isSuccess && (
        <p role="status" className="text-sm">
          {undone.size.toLocaleString('en')} of {counted(actions.length, 'approval')} undone.
        </p>
      )}
      {left.length > 0 && (seconds > 0 || undo.isPending) && (
        <Button isBusy={undo.isPending} onClick={() => undo.mutate()}>
          Undo {counted(left.length, 'approval')} ({Math.max(0, seconds)} s)
        </Button>
      )}
    </>
  );
}

/** Says once what all requests have in common. */
function Common({ table: { common, rows } }: { table: Table }) {
  const [first] = rows;
  if (!first) return null;
  const { agent_name: agent, service_name: service } = first.action;
  const isOne = rows.every(
    ({ action }) => action.agent_name === agent && action.service_name === service,
  );
  if (!isOne && common.length === 0) return null;
  return (
    <p className="text-sm">
      {isOne && (
        <>
          <Visible text={agent} /> → <Visible text={service} />
        </>
      )}
      {common.length > 0 && (
        <>
          {isOne && ' · '}
          <span className="text-soft">the same in all:</span>{' '}
          {common.map(({ name, value }) => (
            <span key={name} className="mr-3 font-mono text-[0.8rem]">
              <span className="text-soft">
                <Visible text={name} />
              </span>{' '}
              <Visible text={value} />
            </span>
          ))}
        </>
      )}
    </p>
  );
}

function RequestRow({
  row: { action, cells, isComplete },
  isChosen,
  isPending,
  result,
  isUndone,
  isBusy,
  onToggle,
}: {
  row: Row;
  isChosen: boolean;
  isPending: boolean;
  result: string | null | undefined;
  isUndone: boolean;
  isBusy: boolean;
  onToggle: () => void;
}) {
  const id = useId();
  const isDone = result === null || !isPending;
  return (
    <tr data-row={action.action_id} className={isDone || !isChosen ? 'text-soft' : ''}>
      <td className="p-2 align-top">
        <input
          type="checkbox"
          aria-labelledby={id}
          checked={isChosen && !isDone}
          disabled={isDone || isBusy}
          onChange={onToggle}
          className="size-5 accent-brand"
        />
      </td>
      <td className="max-w-md min-w-56 p-2 align-top">
        <Link
          id={id}
          to="/"
          search={(before) => ({ ...before, table: undefined, action: action.action_id })}
          className="font-medium underline decoration-line hover:decoration-current"
        >
          <Headline action={action} />
        </Link>
        <span className="block font-mono text-xs">
          {action.method} <Cut text={targetOf(action)} length={TARGET_CHARACTERS_MAX} isCounted />
        </span>
        <ShortIntent action={action} />
      </td>
      {cells.map((value, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a cell is a place in its row
        <td key={at} className="max-w-64 min-w-20 p-2 align-top font-mono text-xs">
          {value === undefined ? '—' : <Visible text={value} />}
        </td>
      ))}
      <td className="p-2 align-top">
        <LevelBadge score={action.risk_score} />
      </td>
      <td className="min-w-28 p-2 align-top text-xs">
        {isUndone ? (
          <strong>Undone</strong>
        ) : result === null ? (
          <strong className="text-good">Done</strong>
        ) : result !== undefined ? (
          <span className="text-bad">{result}</span>
        ) : !isPending ? (
          'No longer pending'
        ) : isComplete ? (
          ''
        ) : (
          <span className="text-warn">Not all shown</span>
        )}
      </td>
    </tr>
  );
}

/** Names how many requests are decided on, and the sum of their amounts. */
function Question({
  kind,
  actions,
  onDecide,
  onClose,
}: {
  kind: Ruling['kind'];
  actions: readonly Action[];
  onDecide: (ruling: Ruling) => void;
  onClose: () => void;
}) {
  const [note, setNote] = useState('');
  const [isConfirmed, setIsConfirmed] = useState(false);
  const isApproval = kind === 'approve';
  const stakes = actions.flatMap((action) => stakeOf(action)?.verb ?? []);
  const deliberate = actions.filter((action) => frictionOf(action) !== 'press').length;
  const sum = sumOf(actions);
  const what = counted(actions.length, 'request');
  const isMissing = isApproval && deliberate > 0 && !isConfirmed;
  const word = isApproval ? 'Approve' : 'Deny';
  return (
    <Modal title={`${word} ${what}?`} onClose={onClose}>
      <div className="space-y-4 text-sm">
        {sum && (
          <p>
            The amounts are from <Visible text={sum.min} /> to <Visible text={sum.max} />, in total{' '}
            <strong>
              <Visible text={sum.total} />
            </strong>
            .
          </p>
        )}
        <p>
          Each decision applies to the exact request shown in the table. If someone else decides a
          request first, their decision is kept.
        </p>
        {isApproval && deliberate > 0 && (
          <CheckField
            checked={isConfirmed}
            onChange={({ target }) => setIsConfirmed(target.checked)}
            label={confirmationOf(stakes, deliberate, sum?.total)}
          />
        )}
        <NoteField value={note} onChange={({ target }) => setNote(target.value)} />
        <div className="flex flex-wrap justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button
            tone={isApproval ? 'plain' : 'bad'}
            aria-disabled={isMissing}
            onClick={() => {
              if (isMissing) return;
              onDecide(isApproval ? { kind, note } : { kind: 'deny', note, isBlocking: false });
            }}
          >
            {word} {what}
            {sum && `: ${sum.total}`}
          </Button>
        </div>
      </div>
    </Modal>
  );
}

/** Returns what a user confirms before a batch is approved. */
function confirmationOf(
  verbs: ReadonlyArray<'Delete' | 'Pay'>,
  deliberate: number,
  total: string | undefined,
): string {
  const deletions = verbs.filter((verb) => verb === 'Delete').length;
  const payments = verbs.length - deletions;
  const parts = [
    deletions > 0 && `delete ${counted(deletions, 'target')}`,
    payments > 0 && `make ${counted(payments, 'payment')}${total ? ` of ${total} in total` : ''}`,
    deliberate > verbs.length && `approve ${counted(deliberate - verbs.length, 'risky request')}`,
  ].filter((part) => part !== false);
  const text = parts.join(' and ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}
