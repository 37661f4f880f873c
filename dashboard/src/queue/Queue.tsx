/** The page of pending requests and the decision on them. */
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { ArrowLeft, Keyboard } from 'lucide-react';
import { useCallback, useEffect, useRef, useState } from 'react';
import { headline } from '#/action/headline';
import type { Action } from '#/client';
import {
  getApprovalOptions,
  listPendingApprovalsOptions,
} from '#/client/@tanstack/react-query.gen';
import { Offer } from '#/notify/Offer';
import { OpenRules } from '#/rule/OpenRules';
import { Visible } from '#/text/Visible';
import { Button } from '#/ui/Button';
import { Failure } from '#/ui/Failure';
import { FIELD } from '#/ui/Field';
import { Loading } from '#/ui/Loading';
import { PageTitle } from '#/ui/PageTitle';
import { useDecisions } from './Decisions';
import { EmptyQueue } from './EmptyQueue';
import { isWide } from './isWide';
import { QueueList } from './QueueList';
import { SelectedAction } from './SelectedAction';
import { ShortcutsHelp } from './ShortcutsHelp';
import type { Ruling } from './send';
import { UnknownOutcomes } from './UnknownOutcomes';
import { useUnknownOutcomes } from './unknown';
import { usePresses } from './usePresses';
import { useShortcuts } from './useShortcuts';
import { type Rejection, useSubject } from './useSubject';
import type { Direction } from './useSwipe';

const HINTS: Record<Rejection, string> = {
  hidden: 'Scroll until the title and the target are fully visible, then decide.',
  new: 'This request just appeared. Review it, then press again.',
};

/** Shows the cards, and the selected request next to them or, on a phone, instead of them. */
export function Queue({ selectedId }: { selectedId: string | undefined }) {
  const navigate = useNavigate();
  const pending = useQuery(listPendingApprovalsOptions());
  const { submissions, failures, decide } = useDecisions();
  const [filter, setFilter] = useState('');
  const [denyingId, setDenyingId] = useState<string | null>(null);
  const [hint, setHint] = useState<{ id: string; text: string } | null>(null);
  const [notice, setNotice] = useState('');
  const [isHelpOpen, setIsHelpOpen] = useState(false);
  const filterField = useRef<HTMLInputElement>(null);
  const subject = useSubject();

  const all = pending.data?.approvals ?? [];
  const shown = filter === '' ? all : all.filter((action) => matches(action, filter));
  const inList = shown.find(({ action_id }) => action_id === selectedId);
  const unknown = useUnknownOutcomes();
  const isEmpty =
    pending.isSuccess && shown.length === 0 && (filter !== '' || unknown.actions.length === 0);
  const isFilteredOut =
    inList === undefined && all.some(({ action_id }) => action_id === selectedId);
  // Bodies in the list may be truncated, and a request that is no longer pending must stay visible.
  const whole = useQuery({
    ...getApprovalOptions({ path: { action_id: selectedId ?? '' } }),
    enabled: selectedId !== undefined,
  });
  const selected = isFilteredOut || !selectedId ? undefined : (whole.data ?? inList);
  const isPending = inList !== undefined && selected?.status === 'PENDING';

  const select = (id: string | undefined) =>
    navigate({ to: '/', search: id ? { action: id } : {}, replace: isWide(), resetScroll: false });

  // A request that the filter hides must not stay selected; one that the URL names is not replaced.
  const firstId = shown[0]?.action_id;
  useEffect(() => {
    if (!isWide() || (selectedId && !isFilteredOut)) return;
    if (firstId !== selectedId) {
      const search = firstId ? { action: firstId } : {};
      void navigate({ to: '/', search, replace: true, resetScroll: false });
    }
  }, [selectedId, isFilteredOut, firstId, navigate]);

  const current = useRef(selectedId);
  useEffect(() => {
    current.current = selectedId;
    return () => {
      current.current = undefined;
    };
  }, [selectedId]);

  const submit = async (action: Action, ruling: Ruling) => {
    const wasSelected = current.current;
    const at = shown.findIndex(({ action_id }) => action_id === action.action_id);
    const next = shown[at + 1] ?? shown[at - 1];
    setNotice('');
    setHint(null);
    if (!(await decide(action, ruling))) return;
    setDenyingId(null);
    setNotice(`${doneWord(action, ruling)}: ${headline(action)}`);
    // A user who has moved on to another request or page stays there.
    if (wasSelected !== action.action_id || current.current !== wasSelected) return;
    await select(isWide() ? next?.action_id : undefined);
  };
  const presses = usePresses((action) => void submit(action, { kind: 'approve' }));

  /** Calls `decideOn` only if the selected request is in view and was not selected a moment ago. */
  const ifSeen = (decideOn: (action: Action) => void, accepted: Rejection | null = null) => {
    if (!selected || !isPending || submissions.has(selected.action_id)) return;
    const found = subject.rejection();
    const rejection = found === accepted ? null : found;
    setHint(rejection && { id: selected.action_id, text: HINTS[rejection] });
    if (!rejection) decideOn(selected);
  };
  const isWhole = whole.data !== undefined && whole.data.digest === inList?.digest;
  const approve = () => ifSeen((action) => isWhole && !action.unreadable && presses.press(action));

  const onDenying = (isDenying: boolean) => {
    presses.cancel();
    setDenyingId(isDenying ? (selected?.action_id ?? null) : null);
  };

  const swipe = (action: Action, direction: Direction) => {
    if (submissions.has(action.action_id)) return;
    // Swiping an incomplete card opens it and never gets here.
    if (direction === 'approve') presses.press(action);
    else void submit(action, { kind: 'deny', isBlocking: false });
  };
  const currentSwipe = useRef(swipe);
  useEffect(() => {
    currentSwipe.current = swipe;
  });
  const onSwipe = useCallback(
    (action: Action, direction: Direction) => currentSwipe.current(action, direction),
    [],
  );

  const move = (step: number) => {
    const at = shown.findIndex(({ action_id }) => action_id === selectedId);
    const next = shown[at < 0 ? 0 : Math.min(Math.max(at + step, 0), shown.length - 1)];
    if (!next) return;
    void select(next.action_id);
    document
      .querySelector(`[data-action="${next.action_id}"]`)
      ?.scrollIntoView({ block: 'nearest' });
  };

  useShortcuts({
    j: () => move(1),
    k: () => move(-1),
    a: approve,
    d: () => isPending && onDenying(true),
    '/': () => filterField.current?.focus(),
    '?': () => setIsHelpOpen(true),
  });

  return (
    <>
      <div className="gap-5 lg:grid lg:grid-cols-[minmax(17rem,22rem)_minmax(0,1fr)] lg:items-start">
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
          <div className={`space-y-3 ${selectedId ? 'hidden lg:block' : ''}`}>
            <OpenRules />
            <UnknownOutcomes selectedId={selectedId} />
            <input
              ref={filterField}
              type="search"
              aria-label="Filter requests"
              placeholder="Filter by agent, service, intent, URL"
              value={filter}
              onChange={(event) => setFilter(event.target.value)}
              onKeyDown={(event) => event.key === 'Escape' && event.currentTarget.blur()}
              className={FIELD}
            />
            {notice && (
              <p
                role="status"
                className="sticky top-[calc(var(--header)+0.5rem)] z-10 rounded-md border border-good bg-panel p-2 text-sm text-good"
              >
                <Visible text={notice} />
              </p>
            )}
            {pending.isPending && <Loading />}
            <Failure error={pending.error} />
            {isEmpty && <EmptyQueue isFiltered={filter !== ''} />}
            <QueueList
              actions={shown}
              selectedId={selectedId}
              presses={presses}
              submissions={submissions}
              failures={failures}
              onSwipe={onSwipe}
            />
            <Offer />
          </div>
        </div>
        <div
          className={`min-w-0 lg:sticky lg:top-[calc(var(--header)+1.25rem)] lg:h-[calc(100dvh-var(--header)-2.5rem)] ${selectedId ? '' : 'hidden lg:block'}`}
        >
          {selectedId && (
            <div className="mb-3 lg:hidden">
              <Link
                to="/"
                className="inline-flex min-h-10 items-center gap-1 text-sm font-medium underline"
              >
                <ArrowLeft aria-hidden className="size-4" /> Back to queue
              </Link>
            </div>
          )}
          {selectedId && !isFilteredOut && <Failure error={whole.error} />}
          {selected && (
            <SelectedAction
              // Another request, or the same one fully loaded, has to be reviewed again.
              key={`${selected.action_id} ${selected.digest} ${isWhole}`}
              action={selected}
              isPending={isPending}
              isWhole={isWhole}
              submission={submissions.get(selected.action_id)}
              failure={failures.get(selected.action_id)}
              hint={hint?.id === selected.action_id ? hint.text : undefined}
              subject={subject}
              presses={presses}
              isDenying={denyingId === selected.action_id}
              onApprove={approve}
              onDenying={onDenying}
              onDeny={(note, isBlocking) =>
                // The note form was opened for this request, so a quick submit is deliberate.
                ifSeen((action) => void submit(action, { kind: 'deny', note, isBlocking }), 'new')
              }
            />
          )}
        </div>
      </div>
      {isHelpOpen && <ShortcutsHelp onClose={() => setIsHelpOpen(false)} />}
    </>
  );
}

function doneWord(action: Action, ruling: Ruling): string {
  if (ruling.kind === 'approve') return 'Approved';
  return ruling.isBlocking ? `Denied and blocked ${action.agent_name}` : 'Denied';
}

function matches(action: Action, filter: string): boolean {
  const text = `${headline(action)}\n${action.agent_name}\n${action.service_name}\n${action.intent}\n${action.method} ${action.target_url}`;
  return text.toLowerCase().includes(filter.toLowerCase());
}
