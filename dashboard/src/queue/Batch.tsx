/** Several requests as a table, and one decision on those that stay selected. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { ArrowLeft } from 'lucide-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import { type Action, revoke } from '#/client';
import { counted } from '#/text/count';
import { Visible } from '#/text/Visible';
import { Button } from '#/ui/Button';
import { useNow } from '#/ui/now';
import { BatchQuestion } from './BatchQuestion';
import { BatchRow } from './BatchRow';
import { useDecisions } from './Decisions';
import { type Ruling, UNDO_SECONDS } from './send';
import { type Row, type Table, tableOf } from './table';
import { useShortcuts } from './useShortcuts';

/** How long a batch of approvals can be undone, in milliseconds. */
const UNDO_MS = UNDO_SECONDS * 1_000;

/** How many characters of a field's name are kept on one line, in the head of the table. */
const NAME_CHARACTERS = 24;

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
  /** The requests whose check boxes the user has changed. */
  const [changed, setChanged] = useState<ReadonlySet<string>>(new Set());
  const [asked, setAsked] = useState<Ruling['kind'] | null>(null);
  const [results, setResults] = useState<Results>(new Map());
  /** The requests that the user approved and that wait for other approvals. */
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const [isBusy, setIsBusy] = useState(false);
  const [undoable, setUndoable] = useState<{ actions: Action[]; until: number } | null>(null);
  const [undone, setUndone] = useState<ReadonlySet<string>>(new Set());
  // A request that needs a passkey is out of the batch until the user adds it, which only a denial allows.
  const isIn = ({ action: { action_id: id }, needsPasskey }: Row) =>
    changed.has(id) === needsPasskey;
  const chosen = table.rows.filter(
    (row) =>
      row.action.may_decide &&
      isIn(row) &&
      pendingIds.has(row.action.action_id) &&
      results.get(row.action.action_id) !== null,
  );
  const withPasskey = chosen.filter(({ needsPasskey }) => needsPasskey).length;
  const incomplete = chosen.filter(({ isComplete }) => !isComplete).length;
  const done = [...results.values()].filter((result) => result === null).length;
  const toggle = (id: string) =>
    setChanged((before) => {
      const after = new Set(before);
      if (!after.delete(id)) after.add(id);
      return after;
    });
  const decide = async (ruling: Ruling) => {
    setAsked(null);
    setIsBusy(true);
    const wanted = chosen.map(({ action }) => action);
    const waiting = new Set<string>();
    await decideAll(wanted, ruling, (action, result, isOpen) => {
      if (isOpen) waiting.add(action.action_id);
      setResults((before) => new Map(before).set(action.action_id, result));
    });
    setIsBusy(false);
    setOpen((before) => new Set([...before, ...waiting]));
    const approved = wanted.filter(({ action_id: id }) => !waiting.has(id));
    if (ruling.kind === 'approve') setUndoable({ actions: approved, until: Date.now() + UNDO_MS });
  };
  const canDecide = !isBusy && !isOffline && chosen.length > 0;
  const canApprove = canDecide && incomplete === 0 && withPasskey === 0;
  const heading = useRef<HTMLHeadingElement>(null);
  const rows = useRef<HTMLTableSectionElement>(null);
  // The element that opened the table is gone, and the focus with it.
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  const move = (step: number) => {
    const boxes = [...(rows.current?.querySelectorAll<HTMLElement>('input:enabled') ?? [])];
    const at = boxes.indexOf(document.activeElement as HTMLElement);
    boxes[at < 0 ? 0 : Math.min(Math.max(at + step, 0), boxes.length - 1)]?.focus();
  };
  useShortcuts({
    j: () => move(1),
    k: () => move(-1),
    x: () => {
      const row = document.activeElement?.closest<HTMLElement>('[data-row]')?.dataset.row;
      if (row !== undefined && pendingIds.has(row) && !isBusy) toggle(row);
    },
    // Both open a dialog, which names the decision.
    a: () => canApprove && setAsked('approve'),
    d: () => canDecide && setAsked('deny'),
    escape: () => !isBusy && onClose(),
  });
  return (
    <article aria-label="Similar requests" className="space-y-3">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1">
        <Button tone="quiet" className="-ml-3" disabled={isBusy} onClick={onClose}>
          <ArrowLeft aria-hidden className="size-4" /> Back to queue
        </Button>
        <h1 ref={heading} tabIndex={-1} className="text-lg font-semibold">
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
        {/* A phone has no room for columns, so each row is a block with the names in it. */}
        <table className="block w-full text-left text-sm sm:table">
          <thead className="hidden border-b border-line text-xs text-soft sm:table-header-group">
            <tr>
              <th className="p-2">
                <span className="sr-only">Selected</span>
              </th>
              <th className="p-2 font-medium">Request</th>
              {table.columns.map((name) => (
                <th
                  key={name}
                  className="p-2 font-mono font-medium"
                  style={{ minWidth: `calc(${Math.min(name.length, NAME_CHARACTERS)}ch + 1rem)` }}
                >
                  <Visible text={name} />
                </th>
              ))}
              <th className="p-2 font-medium">Risk</th>
              <th className="p-2 font-medium">Result</th>
            </tr>
          </thead>
          <tbody ref={rows} className="block divide-y divide-line sm:table-row-group">
            {table.rows.map((row) => {
              const id = row.action.action_id;
              return (
                <BatchRow
                  key={id}
                  row={row}
                  columns={table.columns}
                  isChosen={isIn(row)}
                  isPending={pendingIds.has(id)}
                  result={results.get(id)}
                  isUndone={undone.has(id)}
                  isOpen={open.has(id)}
                  isBusy={isBusy}
                  onToggle={() => toggle(id)}
                />
              );
            })}
          </tbody>
        </table>
      </section>
      <div className="sticky bottom-(--footer) z-20 -mx-3 space-y-2 border-t border-line bg-panel p-3 sm:mx-0 sm:rounded-lg sm:border">
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
        {withPasskey > 0 && (
          <p className="text-sm text-warn">
            {counted(withPasskey, 'request')} cannot be approved here: each approval needs your
            passkey. Open each such request, or clear its check box.
          </p>
        )}
        {isOffline && (
          <p className="text-sm text-warn">
            Not connected: you can decide once the gateway is back.
          </p>
        )}
        {done > 0 && chosen.length === 0 && !isBusy ? (
          <Button className="min-h-12 w-full" onClick={onClose}>
            Continue
          </Button>
        ) : (
          <div className="flex flex-wrap gap-2">
            <Button
              className="min-h-12 flex-1"
              disabled={!canDecide}
              onClick={() => setAsked('deny')}
            >
              Deny {chosen.length.toLocaleString('en')}…
            </Button>
            <Button
              className="min-h-12 flex-1"
              isBusy={isBusy}
              disabled={!canApprove}
              onClick={() => setAsked('approve')}
            >
              Approve {chosen.length.toLocaleString('en')}…
            </Button>
          </div>
        )}
      </div>
      {asked && (
        <BatchQuestion
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
