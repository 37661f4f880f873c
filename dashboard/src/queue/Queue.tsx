/** The page of pending requests and the decision on them. */
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { ArrowLeft, Keyboard } from 'lucide-react';
import {
  type KeyboardEvent,
  lazy,
  Suspense,
  startTransition,
  useCallback,
  useDeferredValue,
  useEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import { frictionOf } from '#/action/friction';
import type { Action } from '#/client';
import {
  getApprovalOptions,
  listPendingApprovalsOptions,
} from '#/client/@tanstack/react-query.gen';
import { useAttention } from '#/inbox/inbox';
import { NeedsAttention } from '#/inbox/NeedsAttention';
import { useLive } from '#/live/LiveProvider';
import { Offer } from '#/notify/Offer';
import { OpenRules } from '#/rule/OpenRules';
import { counted } from '#/text/count';
import { afterPaint } from '#/ui/afterPaint';
import { Button } from '#/ui/Button';
import { Failure } from '#/ui/Failure';
import { Loading } from '#/ui/Loading';
import { PageTitle } from '#/ui/PageTitle';
import type { Chosen } from './Batch';
import { DECISION } from './DecisionBar';
import { useDecisions } from './Decisions';
import { EmptyQueue } from './EmptyQueue';
import { titleOf } from './GroupRow';
import { type Group, groupsOf, keyOf } from './groups';
import { isWide, useIsDense } from './media';
import { QueueList } from './QueueList';
import { SelectedAction } from './SelectedAction';
import { SwipeHint } from './SwipeHint';
import type { Ruling } from './send';
import { Toolbar } from './Toolbar';
import { useFirstSelected } from './useFirstSelected';
import { useFocusAfter, useFocusAfterTable } from './useFocusAfter';
import { useHold } from './useHold';
import { useNotes } from './useNotes';
import { usePresses } from './usePresses';
import { useShortcuts } from './useShortcuts';
import { type Rejection, useSubject } from './useSubject';
import type { Direction } from './useSwipe';
import { isNarrowed, shownIn, type View } from './view';

// Most visits decide on single requests, so their scripts come first.
const Batch = lazy(() => import('./Batch').then(({ Batch }) => ({ default: Batch })));
const ShortcutsHelp = lazy(() =>
  import('./ShortcutsHelp').then(({ ShortcutsHelp }) => ({ default: ShortcutsHelp })),
);

const HINTS: Record<Rejection, string> = {
  hidden: 'Scroll until the title and the target are fully visible, then decide.',
  new: 'This request just appeared. Review it, then press again.',
};

/** Said of a denial that was being written when the session ended, or when the page was reloaded. */
const RESTORED = 'Not denied yet: your note was kept.';

const NONE: Action[] = [];

/** Shows the list, and the selected request next to it or, on a phone, instead of it. */
export function Queue({ selectedId, view }: { selectedId: string | undefined; view: View }) {
  const navigate = useNavigate();
  const pending = useQuery(listPendingApprovalsOptions());
  const { submissions, failures, decide } = useDecisions();
  const live = useLive();
  const isOffline = live !== 'live';
  const isDense = useIsDense();
  const { notes, denyingId, restoredId, onNote, setDenyingId } = useNotes();
  const [hint, setHint] = useState<{ id: string; text: string } | null>(null);
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
  const [batch, setBatch] = useState<{ title: string; actions: Action[] } | null>(null);
  const [chosen, setChosen] = useState<Chosen>({ ticked: new Set(), seen: new Set() });
  const [isHelpOpen, setIsHelpOpen] = useState(false);
  const isSearched = useRef(false);
  const searchField = useRef<HTMLInputElement>(null);
  const subject = useSubject();
  const focusAfter = useFocusAfter(selectedId);
  // After a reload, the URL still names the table, but its requests are gone.
  const table = view.table ? batch : null;
  const isTable = table !== null;

  const all = pending.data?.approvals ?? NONE;
  const { agent, service, effect, sort, grouped } = view;
  // A key press in the search field is painted before the list that it leads to.
  const q = useDeferredValue(view.q);
  const shown = useMemo(
    () => shownIn(all, { q, agent, service, effect, sort }),
    [all, q, agent, service, effect, sort],
  );
  // Grouping thousands takes longer than a frame, so the list is painted first.
  const [grouping, setGrouping] = useState(NONE);
  useEffect(
    () => (grouped ? undefined : afterPaint(() => startTransition(() => setGrouping(shown)))),
    [grouped, shown],
  );
  const groups = useMemo(() => groupsOf(grouped ? shown : grouping), [grouped, shown, grouping]);
  const entries = useMemo(
    () =>
      grouped ? groups : shown.map((action) => ({ key: action.action_id, actions: [action] })),
    [grouped, groups, shown],
  );
  const inList = shown.find(({ action_id }) => action_id === selectedId);
  const attention = useAttention();
  // Deferred like the list: while a search is cleared, nothing says that no request is pending.
  const isFiltered = isNarrowed({ q, agent, service, effect });
  const isEmpty = pending.isSuccess && shown.length === 0 && (isFiltered || attention.count === 0);
  const isFilteredOut =
    inList === undefined && all.some(({ action_id }) => action_id === selectedId);
  // Bodies in the list may be truncated, and a request that is no longer pending must stay visible.
  const whole = useQuery({
    ...getApprovalOptions({ path: { action_id: selectedId ?? '' } }),
    enabled: selectedId !== undefined,
  });
  const selected = isFilteredOut || !selectedId ? undefined : (whole.data ?? inList);
  const isPending = inList !== undefined && selected?.status === 'PENDING';

  const onView = useCallback(
    (change: Partial<View>) =>
      void navigate({
        to: '/',
        search: (before) => ({ ...before, ...change }),
        replace: true,
        resetScroll: false,
      }),
    [navigate],
  );
  const select = useCallback(
    (id: string | undefined, replace = isWide()) =>
      navigate({
        to: '/',
        search: (before) => ({ ...before, action: id }),
        replace,
        // On a phone, the request replaces the list and starts at its top.
        resetScroll: !isWide(),
      }),
    [navigate],
  );

  useEffect(() => {
    // After Enter in the search field, once the list is the one that was searched for.
    if (!isSearched.current || q !== view.q) return;
    isSearched.current = false;
    document.querySelector<HTMLElement>('[data-entry][tabindex="0"]')?.focus();
  });

  const firstId = entries[0]?.actions[0]?.action_id;
  useFirstSelected({ selectedId, isFilteredOut, firstId, isTable });
  useFocusAfterTable(isTable);

  const isShown = useRef(false);
  useEffect(() => {
    if (isShown.current || !inList) return;
    isShown.current = true;
    // A request that the URL names may be far down in the list.
    if (!isWide()) return;
    const entry = document.querySelector(`[data-entry="${inList.action_id}"]`);
    entry?.scrollIntoView({ block: 'nearest' });
  });
  const current = useRef(selectedId);
  useEffect(() => {
    current.current = selectedId;
    return () => {
      current.current = undefined;
    };
  }, [selectedId]);

  /** Returns the id of the request that follows another one in the list. */
  const nextAfter = (id: string): string | undefined => {
    const order = entries.flatMap(({ actions }) => actions);
    const at = order.findIndex(({ action_id }) => action_id === id);
    return (order[at + 1] ?? order[at - 1])?.action_id;
  };

  const submit = async (action: Action, ruling: Ruling) => {
    const id = action.action_id;
    const wasSelected = current.current;
    const next = nextAfter(id);
    setHint(null);
    if (!(await decide(action, ruling))) return;
    // A user who has moved on to another request or page stays there, and so does what they write.
    setDenyingId((before) => (before === id ? null : before));
    onNote(id, null);
    if (wasSelected !== id || current.current !== wasSelected) return;
    focusAfter.decision();
    // On a phone, Back leads to the list and not to a decided request.
    await select(next, true);
  };
  const noteOf = (action: Action) => notes[action.action_id] ?? '';
  const approveNow = (action: Action) =>
    void submit(action, { kind: 'approve', note: noteOf(action) });
  const presses = usePresses(approveNow);

  /** Calls `decideOn` only if the selected request is in view and was not selected a moment ago. */
  const ifSeen = (decideOn: (action: Action) => void, accepted: Rejection | null = null) => {
    if (!selected?.may_decide || !isPending || isOffline) return;
    if (submissions.has(selected.action_id)) return;
    const found = subject.rejection();
    const rejection = found === accepted ? null : found;
    setHint(rejection && { id: selected.action_id, text: HINTS[rejection] });
    if (!rejection) decideOn(selected);
  };
  const hintOf = (id: string) =>
    hint?.id === id ? hint.text : id === restoredId && notes[id] ? RESTORED : undefined;
  const isWhole = whole.data !== undefined && whole.data.digest === inList?.digest;
  const ifReviewed = (decideOn: (action: Action) => void) =>
    ifSeen(
      (action) => isWhole && !action.unreadable && action.approvals.may_vote && decideOn(action),
    );
  const hold = useHold((held) =>
    // Held long enough, and still on the screen.
    ifReviewed((action) => action.action_id === held.action_id && approveNow(action)),
  );
  const approve = () => ifReviewed(presses.press);
  const needsHold =
    selected !== undefined &&
    frictionOf(selected) === 'hold' &&
    presses.armed?.id !== selected.action_id;

  const onDenying = (isDenying: boolean) => {
    if (isDenying && (isOffline || !selected?.may_decide)) return;
    presses.cancel();
    setDenyingId(() => (isDenying ? (selected?.action_id ?? null) : null));
  };

  const swipe = (action: Action, direction: Direction) => {
    if (submissions.has(action.action_id)) return;
    // Swiping an incomplete card opens it and never gets here.
    if (direction === 'approve') return presses.press(action);
    // A denial may have a note, so it opens the form.
    presses.cancel();
    setDenyingId(() => action.action_id);
    void select(action.action_id);
  };
  const showTable = (title: string, actions: Action[]) => {
    setBatch({ title, actions });
    void navigate({ to: '/', search: (before) => ({ ...before, table: true }) });
  };
  const openGroup = async (group: Group) => {
    // The way back leads to the entry that was opened. On a phone, a selected request would replace the list.
    const isIn = group.actions.some(({ action_id }) => action_id === selectedId);
    if (isWide() && !isIn) await select(group.actions[0]?.action_id, true);
    showTable(titleOf(group), group.actions);
  };
  const callbacks = useRef({ swipe, openGroup });
  useEffect(() => {
    callbacks.current = { swipe, openGroup };
  });
  const onSwipe = useCallback(
    (action: Action, direction: Direction) => callbacks.current.swipe(action, direction),
    [],
  );
  const onOpenGroup = useCallback((group: Group) => void callbacks.current.openGroup(group), []);
  const onPick = useCallback(
    (id: string) =>
      setPicked((before) => {
        const after = new Set(before);
        if (!after.delete(id)) after.add(id);
        return after;
      }),
    [],
  );

  const pickedActions = useMemo(
    () => all.filter(({ action_id }) => picked.has(action_id)),
    [all, picked],
  );
  /** Opens the selected requests as a table; without any, those similar to the one with the focus or the current one. */
  const openTable = () => {
    if (pickedActions.length > 0) {
      showTable(counted(pickedActions.length, 'selected request'), pickedActions);
      return;
    }
    const focused = document.activeElement?.closest<HTMLElement>('[data-entry]')?.dataset.entry;
    const from = shown.find(({ action_id }) => action_id === focused) ?? inList;
    if (!from) return;
    // The groups may be those of an earlier list, since they are computed after it is painted.
    const key = keyOf(from);
    void openGroup({ key, actions: shown.filter((action) => keyOf(action) === key) });
  };
  /** How many requests the current entry of the list stands for. */
  const similarCount =
    entries.find(({ actions }) => actions.some(({ action_id }) => action_id === selectedId))
      ?.actions.length ?? 1;
  /** Whether a key decides on several requests: it opens their table, and never decides on another one. */
  const isOfSeveral = pickedActions.length > 0 || (grouped === true && similarCount > 1);

  const closeTable = () => {
    const isDecided = !all.some(({ action_id }) => action_id === selectedId);
    void navigate({
      to: '/',
      // A request that the table has decided is not the one to continue with.
      search: ({ table: _, ...before }) => ({
        ...before,
        action: isDecided ? (isWide() ? firstId : undefined) : selectedId,
      }),
      replace: true,
    });
  };
  const move = (step: number) => {
    const at = entries.findIndex(({ actions }) =>
      actions.some(({ action_id }) => action_id === selectedId),
    );
    const next = entries[at < 0 ? 0 : Math.min(Math.max(at + step, 0), entries.length - 1)];
    const id = next?.actions[0]?.action_id;
    if (id === undefined || id === selectedId) return;
    focusAfter.move();
    void select(id);
  };
  const pickAndMove = (step: number) => {
    if (inList) setPicked((before) => new Set(before).add(inList.action_id));
    move(step);
  };

  useShortcuts(
    isTable
      ? {}
      : {
          j: () => move(1),
          k: () => move(-1),
          a: () => (isOfSeveral ? openTable() : needsHold ? ifReviewed(hold.begin) : approve()),
          d: () => (isOfSeveral ? openTable() : isPending && onDenying(true)),
          x: () => inList && onPick(inList.action_id),
          'shift+j': () => pickAndMove(1),
          'shift+k': () => pickAndMove(-1),
          g: openTable,
          '/': () => searchField.current?.focus(),
          '?': () => setIsHelpOpen(true),
        },
    // A short press leads to the step that confirms, unless the selection has changed since.
    {
      a: () => {
        const isSame = hold.heldId === selectedId;
        if (hold.end() && isSame) approve();
      },
    },
  );
  const onListKey = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    move(step);
  };

  if (table) {
    return (
      <Suspense fallback={<Loading />}>
        <Batch
          title={table.title}
          actions={table.actions}
          pendingIds={new Set(all.map(({ action_id }) => action_id))}
          isOffline={isOffline}
          chosen={chosen}
          onChosen={setChosen}
          onClose={closeTable}
        />
      </Suspense>
    );
  }
  return (
    <>
      <div className="gap-5 lg:grid lg:grid-cols-[minmax(17rem,22rem)_minmax(0,1fr)] lg:items-start xl:grid-cols-[minmax(24rem,30rem)_minmax(0,1fr)]">
        <div className="min-w-0">
          <div className={selectedId ? 'sr-only lg:not-sr-only' : ''}>
            <PageTitle
              actions={
                <div className="hidden lg:block">
                  <Button tone="quiet" onClick={() => setIsHelpOpen(true)}>
                    <Keyboard aria-hidden className="size-4" /> Keyboard shortcuts
                  </Button>
                </div>
              }
            >
              Queue
            </PageTitle>
          </div>
          {isPending && (
            <a
              href={`#${DECISION}`}
              onClick={(event) => {
                event.preventDefault();
                document.getElementById(DECISION)?.focus();
              }}
              className="sr-only focus:not-sr-only focus:mb-2 focus:inline-block focus:rounded-md focus:bg-panel focus:p-2 focus:underline"
            >
              Skip to decision
            </a>
          )}
          {/* The padding lets the last card scroll clear of the notices. */}
          <div className={`space-y-3 pb-36 lg:pb-0 ${selectedId ? 'hidden lg:block' : ''}`}>
            <OpenRules />
            <NeedsAttention selectedId={selectedId} hasPending={all.length > 0} />
            <Toolbar
              all={all}
              view={view}
              groupCount={groups.filter(({ actions }) => actions.length > 1).length}
              searchField={searchField}
              onView={onView}
              onSearched={() => {
                isSearched.current = true;
              }}
            />
            {shown.length > 0 && <SwipeHint />}
            {pending.isPending && <Loading />}
            <Failure error={pending.error} />
            {isEmpty && (
              <EmptyQueue
                isFiltered={isFiltered}
                searched={q}
                onClear={() =>
                  onView({ q: undefined, agent: undefined, service: undefined, effect: undefined })
                }
              />
            )}
            {/* biome-ignore lint/a11y/noStaticElementInteractions: its entries have the focus */}
            <div onKeyDown={onListKey}>
              <QueueList
                entries={entries}
                selectedId={selectedId}
                isDense={isDense}
                isOffline={isOffline}
                presses={presses}
                submissions={submissions}
                failures={failures}
                picked={picked}
                onSwipe={onSwipe}
                onPick={onPick}
                onOpenGroup={onOpenGroup}
              />
            </div>
            <Offer />
            {pickedActions.length > 0 && (
              <fieldset
                aria-label="Selected requests"
                className="sticky bottom-[calc(var(--footer)+0.75rem)] z-10 flex flex-wrap items-center gap-2 rounded-lg border border-brand bg-panel p-2 text-sm shadow-lg"
              >
                <span className="mr-auto font-medium">
                  {pickedActions.length.toLocaleString('en')} selected
                </span>
                <Button onClick={openTable}>Review as a table</Button>
                <Button tone="quiet" onClick={() => setPicked(new Set())}>
                  Clear
                </Button>
              </fieldset>
            )}
          </div>
        </div>
        <div
          className={`min-w-0 lg:sticky lg:top-[calc(var(--header)+1.25rem)] lg:h-[calc(100dvh-var(--header)-2.5rem)] ${selectedId ? '' : 'hidden lg:block'}`}
        >
          {selectedId && !selected && <BackToQueue />}
          {selectedId && !isFilteredOut && <Failure error={whole.error} />}
          {selected && (
            <SelectedAction
              key={selected.action_id}
              action={selected}
              isPending={isPending}
              back={<BackToQueue />}
              isWhole={isWhole}
              live={live}
              submission={submissions.get(selected.action_id)}
              failure={failures.get(selected.action_id)}
              similarCount={grouped ? similarCount : 1}
              hint={hintOf(selected.action_id)}
              subject={subject}
              presses={presses}
              isHolding={hold.heldId === selected.action_id}
              isDenying={denyingId === selected.action_id}
              note={notes[selected.action_id] ?? null}
              onNote={(text) => onNote(selected.action_id, text)}
              onApprove={approve}
              onHold={() => ifReviewed(hold.begin)}
              onHoldEnd={hold.end}
              onApproveAlone={() =>
                // The form was opened for this request, so a quick submit is deliberate.
                ifSeen(
                  (action) =>
                    isWhole &&
                    !action.unreadable &&
                    void submit(action, { kind: 'approve', note: noteOf(action), isAlone: true }),
                  'new',
                )
              }
              onDenying={onDenying}
              onDeny={(text, isBlocking) =>
                // The note form was opened for this request, so a quick submit is deliberate.
                ifSeen(
                  (action) => void submit(action, { kind: 'deny', note: text, isBlocking }),
                  'new',
                )
              }
              onNext={firstId === undefined ? undefined : () => void select(firstId)}
            />
          )}
        </div>
      </div>
      {isHelpOpen && (
        <Suspense>
          <ShortcutsHelp onClose={() => setIsHelpOpen(false)} />
        </Suspense>
      )}
    </>
  );
}

/** Leads from the request back to the list, where the list is not next to it. */
function BackToQueue() {
  return (
    <Link
      to="/"
      search={(before) => ({ ...before, action: undefined })}
      aria-label="Back to queue"
      className="-ml-2 inline-flex size-10 items-center justify-center rounded-md text-ink hover:bg-raised lg:hidden"
    >
      <ArrowLeft aria-hidden className="size-5" />
    </Link>
  );
}
