/** Several requests as a table, and one decision on those that stay selected. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { ArrowLeft } from 'lucide-react';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { type Action, revoke } from '#/client';
import { counted } from '#/text/count';
import { Visible } from '#/text/Visible';
import { Button } from '#/ui/Button';
import { FIELD } from '#/ui/Field';
import { useNow } from '#/ui/now';
import { apartOf } from './apart';
import { BatchQuestion } from './BatchQuestion';
import { BatchRow, type Result } from './BatchRow';
import { useDecisions } from './Decisions';
import { UNDO_MEANS, UNDONE_MEANS } from './ended';
import { ordered, ROW_ORDERS, type RowOrder } from './rowOrder';
import { type Ruling, UNDO_SECONDS } from './send';
import { type Row, type Table, tableOf } from './table';
import { useSeen } from './useSeen';
import { useShortcuts } from './useShortcuts';

/** How long a batch of approvals can be undone, in milliseconds. */
const UNDO_MS = UNDO_SECONDS * 1_000;

/** How many characters of a field's name are kept on one line, in the head of the table. */
const NAME_CHARACTERS = 24;

/** The results of decisions, by the ids of the requests. */
type Results = ReadonlyMap<string, Result>;

/** The requests that a user has chosen in tables, and those that have been on the screen. It outlives a table, which may be opened again. */
export interface Chosen {
  ticked: ReadonlySet<string>;
  seen: ReadonlySet<string>;
}

/** Shows the requests. They stay on the page with their results after the decision. */
export function Batch({
  title,
  actions,
  pendingIds,
  isOffline,
  chosen: { ticked, seen },
  onChosen,
  onClose,
}: {
  title: string;
  actions: readonly Action[];
  pendingIds: ReadonlySet<string>;
  isOffline: boolean;
  chosen: Chosen;
  onChosen: (change: (before: Chosen) => Chosen) => void;
  onClose: () => void;
}) {
  const { decideAll } = useDecisions();
  const table = useMemo(() => tableOf(actions), [actions]);
  const apart = useMemo(() => apartOf(actions), [actions]);
  const [order, setOrder] = useState<RowOrder>('queue');
  const rows = useMemo(() => ordered(table.rows, apart, order), [table, apart, order]);
  const [asked, setAsked] = useState<Ruling['kind'] | null>(null);
  const [results, setResults] = useState<Results>(new Map());
  const [isBusy, setIsBusy] = useState(false);
  const [undoable, setUndoable] = useState<{ actions: Action[]; until: number } | null>(null);
  const [undone, setUndone] = useState<ReadonlySet<string>>(new Set());
  const [hint, setHint] = useState<string | null>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const body = useRef<HTMLTableSectionElement>(null);
  const bar = useRef<HTMLDivElement>(null);
  const open = rows.filter(
    ({ action: { action_id: id, may_decide: mayDecide } }) =>
      mayDecide && pendingIds.has(id) && results.get(id)?.failure !== null,
  );
  const chosen = open.filter(({ action }) => ticked.has(action.action_id));
  const incomplete = chosen.filter(({ isComplete }) => !isComplete);
  const withPasskey = chosen.filter(({ needsPasskey }) => needsPasskey);
  const unseen = chosen.filter(({ action }) => !seen.has(action.action_id));
  const similar = open.filter(
    (row) => row.isComplete && !row.needsPasskey && !apart.has(row.action.action_id),
  );
  const seenSimilar = similar.filter(({ action }) => seen.has(action.action_id));
  const isAllTicked = seenSimilar.every(({ action }) => ticked.has(action.action_id));
  const apartCount = open.filter(({ action }) => apart.has(action.action_id)).length;
  const unseenCount = open.filter(({ action }) => !seen.has(action.action_id)).length;
  const done = [...results.values()].filter(({ failure }) => failure === null).length;
  useSeen(body, bar, seen, (ids) =>
    onChosen((before) => ({ ...before, seen: new Set([...before.seen, ...ids]) })),
  );
  const toggle = (id: string) => {
    setHint(null);
    onChosen((before) => {
      const after = new Set(before.ticked);
      if (!after.delete(id)) after.add(id);
      return { ...before, ticked: after };
    });
  };
  /** Selects the similar requests that have been on the screen, or clears the selection. */
  const toggleSimilar = () => {
    setHint(null);
    const ids = seenSimilar.map(({ action }) => action.action_id);
    const isClearing = chosen.length > 0 && isAllTicked;
    onChosen((before) => ({
      ...before,
      ticked: isClearing ? new Set() : new Set([...before.ticked, ...ids]),
    }));
  };
  const decide = async (ruling: Ruling) => {
    setAsked(null);
    setIsBusy(true);
    const wanted = chosen.map(({ action }) => action);
    const approved: Action[] = [];
    await decideAll(wanted, ruling, (action, failure, isOpen) => {
      if (ruling.kind === 'approve' && failure === null && !isOpen) approved.push(action);
      const result = { kind: ruling.kind, failure, isOpen };
      setResults((before) => new Map(before).set(action.action_id, result));
    });
    onChosen((before) => ({
      ...before,
      ticked: new Set(
        [...before.ticked].filter((id) => !wanted.some((one) => one.action_id === id)),
      ),
    }));
    setIsBusy(false);
    if (approved.length > 0) setUndoable({ actions: approved, until: Date.now() + UNDO_MS });
  };
  const canDecide = !isBusy && !isOffline && chosen.length > 0;
  const canApprove =
    canDecide && incomplete.length === 0 && unseen.length === 0 && withPasskey.length === 0;
  /** Opens the question, or says why there is nothing to decide on. */
  const ask = (kind: Ruling['kind']) => {
    if (isBusy) return;
    if (kind === 'approve' ? canApprove : canDecide) return setAsked(kind);
    if (chosen.length === 0) setHint('No request is selected. Press x to select the focused one.');
  };
  // The element that opened the table is gone, and the focus with it.
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  const wasBusy = useRef(false);
  useEffect(() => {
    const isOver = wasBusy.current && !isBusy;
    wasBusy.current = isBusy;
    if (!isOver) return;
    // The boxes of decided requests are disabled, so the next one takes the focus, else the button that continues.
    const next =
      body.current?.querySelector<HTMLElement>('input:enabled') ??
      bar.current?.querySelector<HTMLElement>('[data-continue]');
    (next ?? heading.current)?.focus({ preventScroll: true });
  }, [isBusy]);
  const show = (row: Row | undefined) => {
    const box = document.querySelector<HTMLElement>(`[data-row="${row?.action.action_id}"]`);
    box?.scrollIntoView({ block: 'nearest' });
    box?.querySelector<HTMLElement>('input:enabled')?.focus({ preventScroll: true });
  };
  const move = (step: number) => {
    const at = open.findIndex(({ action }) =>
      document.activeElement?.closest(`[data-row="${action.action_id}"]`),
    );
    show(open[at < 0 ? 0 : Math.min(Math.max(at + step, 0), open.length - 1)]);
  };
  useShortcuts({
    j: () => move(1),
    k: () => move(-1),
    x: () => {
      const row = document.activeElement?.closest<HTMLElement>('[data-row]')?.dataset.row;
      if (row !== undefined && pendingIds.has(row) && !isBusy) toggle(row);
    },
    'shift+x': () => !isBusy && toggleSimilar(),
    // Both open a dialog, which names the decision.
    a: () => ask('approve'),
    d: () => ask('deny'),
    u: () => bar.current?.querySelector<HTMLElement>('[data-undo-all]')?.click(),
    escape: () => !isBusy && onClose(),
  });
  const { section, isStacked } = useStacking();
  const wide = (classes: string) => (isStacked ? '' : classes);
  return (
    <article aria-label="Similar requests" className="space-y-3">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1">
        <Button tone="quiet" className="-ml-3" disabled={isBusy} onClick={onClose}>
          <ArrowLeft aria-hidden className="size-4" /> Back to queue
        </Button>
        <h1 ref={heading} tabIndex={-1} className="text-lg font-semibold">
          <Visible text={title} />
        </h1>
        {rows.length > 1 && (
          <select
            aria-label="Order of the table"
            value={order}
            onChange={({ target }) => setOrder(target.value as RowOrder)}
            className={`${FIELD} ml-auto w-auto!`}
          >
            {Object.entries(ROW_ORDERS).map(([value, name]) => (
              <option key={value} value={value}>
                {name}
              </option>
            ))}
          </select>
        )}
      </div>
      <Common table={table} />
      {apartCount > 0 && (
        <p className="text-sm font-medium text-warn">
          {apartCount === 1
            ? '1 request differs from the others. It comes first; select it by itself.'
            : `${apartCount.toLocaleString('en')} requests differ from the others. They come first; select each by itself.`}
        </p>
      )}
      <section
        ref={section}
        aria-label="Requests"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so a keyboard has to reach it
        tabIndex={0}
        className="overflow-x-auto rounded-lg border border-line bg-panel"
      >
        {/* Where there is no room for columns, each row is a block with the names in it. */}
        <table className={`block w-full text-left text-sm ${wide('sm:table')}`}>
          <thead
            className={`hidden border-b border-line text-xs text-soft ${wide('sm:table-header-group')}`}
          >
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
          <tbody ref={body} className={`block divide-y divide-line ${wide('sm:table-row-group')}`}>
            {rows.map((row) => {
              const id = row.action.action_id;
              return (
                <BatchRow
                  key={id}
                  row={row}
                  columns={table.columns}
                  remarks={apart.get(id) ?? NO_REMARKS}
                  isStacked={isStacked}
                  isChosen={ticked.has(id)}
                  isPending={pendingIds.has(id)}
                  result={results.get(id)}
                  isBusy={isBusy}
                  onToggle={() => toggle(id)}
                />
              );
            })}
          </tbody>
        </table>
      </section>
      <div
        ref={bar}
        className="sticky bottom-(--footer) z-20 -mx-3 space-y-2 border-t border-line bg-panel p-3 sm:mx-0 sm:rounded-lg sm:border"
      >
        <p role="status" className="text-sm empty:hidden">
          {results.size > 0 &&
            undone.size === 0 &&
            `${done.toLocaleString('en')} decided${results.size > done ? `, ${(results.size - done).toLocaleString('en')} failed` : ''}${isBusy ? '…' : '.'}`}
        </p>
        {undoable && (
          <UndoAll
            // Each decision has an undo of its own, also after one that was undone.
            key={undoable.until}
            actions={undoable.actions}
            undone={undone}
            until={undoable.until}
            onUndone={(ids) => setUndone((before) => new Set([...before, ...ids]))}
          />
        )}
        {open.length > 0 && (
          <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm">
            <Button
              className="min-h-9 py-0"
              disabled={isBusy || seenSimilar.length === 0}
              onClick={toggleSimilar}
            >
              {chosen.length > 0 && isAllTicked
                ? 'Clear selection'
                : seenSimilar.length === similar.length
                  ? `Select all ${similar.length.toLocaleString('en')} similar`
                  : `Select ${seenSimilar.length.toLocaleString('en')} seen`}
            </Button>
            <span className="text-soft">
              {chosen.length.toLocaleString('en')} of {open.length.toLocaleString('en')} selected
              {unseenCount > 0 && `, ${unseenCount.toLocaleString('en')} not seen yet`}
            </span>
          </div>
        )}
        <p aria-live="polite" className="text-sm text-warn empty:hidden">
          {hint}
        </p>
        {incomplete.length > 0 && (
          <p className="text-sm text-warn">
            {counted(incomplete.length, 'request')} cannot be approved here: the table omits some
            values. Open each such request, or clear its check box.{' '}
            <ShowRow onShow={() => show(incomplete[0])} />
          </p>
        )}
        {unseen.length > 0 && (
          <p className="text-sm text-warn">
            {counted(unseen.length, 'selected request')} not seen yet: scroll until each has been on
            the screen. <ShowRow onShow={() => show(unseen[0])} />
          </p>
        )}
        {withPasskey.length > 0 && (
          <p className="text-sm text-warn">
            {counted(withPasskey.length, 'request')} cannot be approved here: each approval needs
            your passkey. Open each such request, or clear its check box.{' '}
            <ShowRow onShow={() => show(withPasskey[0])} />
          </p>
        )}
        {isOffline && (
          <p className="text-sm text-warn">
            Not connected: you can decide once the gateway is back.
          </p>
        )}
        {done > 0 && open.length === 0 && !isBusy ? (
          <Button data-continue className="min-h-12 w-full" onClick={onClose}>
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
          rows={chosen}
          apart={apart}
          onDecide={(ruling) => void decide(ruling)}
          onClose={() => setAsked(null)}
        />
      )}
    </article>
  );
}

const NO_REMARKS: readonly string[] = [];

/** Leads to a row that keeps the selected requests from being approved. */
function ShowRow({ onShow }: { onShow: () => void }) {
  return (
    <button type="button" onClick={onShow} className="min-h-6 font-medium underline">
      Show it
    </button>
  );
}

/** Stacks the cells of a row where the columns are wider than the table, so that no part of a row is out of view. */
function useStacking() {
  const section = useRef<HTMLElement>(null);
  const [isStacked, setIsStacked] = useState(false);
  useEffect(() => {
    const onResize = () => setIsStacked(false);
    window.addEventListener('resize', onResize);
    return () => window.removeEventListener('resize', onResize);
  }, []);
  // After each render, because results widen a column.
  useLayoutEffect(() => {
    const box = section.current;
    if (box && !isStacked && box.scrollWidth > box.clientWidth) setIsStacked(true);
  });
  return { section, isStacked };
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
          {(actions.length - left.length).toLocaleString('en')} of{' '}
          {counted(actions.length, 'approval')} undone. {UNDONE_MEANS}
        </p>
      )}
      {left.length > 0 && (seconds > 0 || undo.isPending) && (
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <Button data-undo-all isBusy={undo.isPending} onClick={() => undo.mutate()}>
            Undo {counted(left.length, 'approval')} ({Math.max(0, seconds)} s)
          </Button>
          <span className="text-xs text-soft">{UNDO_MEANS}</span>
        </div>
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
