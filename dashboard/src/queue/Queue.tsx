/** What waits for a human, and the decision on it. */
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { ArrowLeft, Keyboard } from 'lucide-react';
import { useCallback, useEffect, useRef, useState } from 'react';
import { headline } from '#/action/ActionDetail';
import { reasonsForSecondPress } from '#/action/weigh';
import type { Action } from '#/client';
import {
  getApprovalOptions,
  listPendingApprovalsOptions,
} from '#/client/@tanstack/react-query.gen';
import { Visible } from '#/text/Visible';
import { Button, Failure, FIELD, Loading, PageTitle } from '#/ui/parts';
import { EmptyQueue } from './EmptyQueue';
import { KeyHelp } from './KeyHelp';
import { QueueList } from './QueueList';
import { SelectedAction } from './SelectedAction';
import { type Choice, useDecide } from './useDecide';
import { useKeys } from './useKeys';
import type { Direction } from './useSwipe';

/** How long the second press is waited for. */
const ARMED_MS = 4_000;
/** After a decision the next request slides in; a key pressed this soon was not meant for it. */
const SETTLE_MS = 700;

const isWide = () => window.matchMedia('(min-width: 64rem)').matches;

/** The page: the cards, and beside or over them the one that is looked at. */
export function Queue({ selectedId }: { selectedId: string | undefined }) {
  const navigate = useNavigate();
  const pending = useQuery(listPendingApprovalsOptions());
  const { busy, failures, decide } = useDecide();
  const [filter, setFilter] = useState('');
  const [armedId, setArmedId] = useState<string | null>(null);
  const [denyingId, setDenyingId] = useState<string | null>(null);
  const [notice, setNotice] = useState('');
  const [isHelpOpen, setIsHelpOpen] = useState(false);
  const filterField = useRef<HTMLInputElement>(null);
  const slidIn = useRef<{ id: string | undefined; at: number }>({ id: undefined, at: 0 });

  const all = pending.data?.approvals ?? [];
  const shown = filter === '' ? all : all.filter((action) => matches(action, filter));
  const inQueue = all.find(({ action_id }) => action_id === selectedId);
  // One that is no longer in the queue is still looked at: it must not vanish under the eyes.
  const settled = useQuery({
    ...getApprovalOptions({ path: { action_id: selectedId ?? '' } }),
    enabled: selectedId !== undefined && inQueue === undefined && pending.isSuccess,
  });
  const selected = inQueue ?? (selectedId ? settled.data : undefined);

  const select = (id: string | undefined) =>
    navigate({ to: '/', search: id ? { action: id } : {}, replace: isWide(), resetScroll: false });

  const firstId = shown[0]?.action_id;
  useEffect(() => {
    if (!selectedId && firstId && isWide()) {
      void navigate({ to: '/', search: { action: firstId }, replace: true, resetScroll: false });
    }
  }, [selectedId, firstId, navigate]);

  useEffect(() => {
    if (!armedId) return;
    const timer = setTimeout(() => setArmedId(null), ARMED_MS);
    return () => clearTimeout(timer);
  }, [armedId]);

  const settle = async (action: Action, choice: Choice) => {
    const at = shown.findIndex(({ action_id }) => action_id === action.action_id);
    const next = shown[at + 1] ?? shown[at - 1];
    setArmedId(null);
    setNotice('');
    if (!(await decide(action, choice))) return;
    setDenyingId(null);
    slidIn.current = { id: next?.action_id, at: Date.now() };
    const done = choice.kind === 'approve' ? 'Approved' : 'Denied';
    setNotice(`${done}: ${headline(action)}`);
    await select(isWide() ? next?.action_id : undefined);
  };

  const pressApprove = (action: Action | undefined) => {
    if (!action || busy.has(action.action_id)) return;
    if (reasonsForSecondPress(action).length > 0 && armedId !== action.action_id) {
      setArmedId(action.action_id);
    } else {
      void settle(action, { kind: 'approve' });
    }
  };
  const swipe = (action: Action, direction: Direction) => {
    if (direction === 'approve') pressApprove(action);
    else void settle(action, { kind: 'deny', isBlocking: false });
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

  const isSettled = () =>
    slidIn.current.id !== selectedId || Date.now() - slidIn.current.at > SETTLE_MS;
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    a: () => isSettled() && pressApprove(inQueue),
    d: () => isSettled() && inQueue && setDenyingId(inQueue.action_id),
    '/': () => filterField.current?.focus(),
    '?': () => setIsHelpOpen(true),
  });

  return (
    <>
      <div className={selectedId ? 'sr-only lg:not-sr-only' : ''}>
        <PageTitle
          actions={
            <Button
              tone="quiet"
              onClick={() => setIsHelpOpen(true)}
              className="hidden lg:inline-flex"
            >
              <Keyboard aria-hidden className="size-4" /> Keys
            </Button>
          }
        >
          Queue
        </PageTitle>
      </div>
      {notice && (
        <p
          role="status"
          className="mb-3 rounded-md border border-good bg-panel p-2 text-sm text-good"
        >
          <Visible text={notice} />
        </p>
      )}
      <div className="gap-5 lg:grid lg:grid-cols-[minmax(17rem,22rem)_minmax(0,1fr)]">
        <div className={`min-w-0 space-y-3 ${selectedId ? 'hidden lg:block' : ''}`}>
          <input
            ref={filterField}
            type="search"
            aria-label="Filter the list"
            placeholder="Filter by agent, service, intent or address"
            value={filter}
            onChange={(event) => setFilter(event.target.value)}
            onKeyDown={(event) => event.key === 'Escape' && event.currentTarget.blur()}
            className={FIELD}
          />
          {pending.isPending && <Loading />}
          <Failure error={pending.error} />
          {pending.isSuccess && shown.length === 0 && <EmptyQueue isFiltered={filter !== ''} />}
          <QueueList
            actions={shown}
            selectedId={selectedId}
            armedId={armedId}
            busyIds={busy}
            failures={failures}
            onSwipe={onSwipe}
          />
        </div>
        <div className={`min-w-0 ${selectedId ? '' : 'hidden lg:block'}`}>
          {selectedId && (
            <div className="mb-3 lg:hidden">
              <Link
                to="/"
                className="inline-flex min-h-10 items-center gap-1 text-sm font-medium underline"
              >
                <ArrowLeft aria-hidden className="size-4" /> All waiting requests
              </Link>
            </div>
          )}
          {selectedId && settled.error && !inQueue && <Failure error={settled.error} />}
          {selected && (
            <SelectedAction
              key={selected.action_id}
              action={selected}
              isWaiting={inQueue !== undefined}
              isBusy={busy.has(selected.action_id)}
              failure={failures.get(selected.action_id)}
              isArmed={armedId === selected.action_id}
              isDenying={denyingId === selected.action_id}
              onApprove={() => pressApprove(inQueue)}
              onDenying={(isDenying) => setDenyingId(isDenying ? selected.action_id : null)}
              onDeny={(note, isBlocking) =>
                void settle(selected, { kind: 'deny', note, isBlocking })
              }
            />
          )}
        </div>
      </div>
      {isHelpOpen && <KeyHelp onClose={() => setIsHelpOpen(false)} />}
    </>
  );
}

function matches(action: Action, filter: string): boolean {
  const text = `${action.agent_name}\n${action.service_name}\n${action.intent}\n${action.method} ${action.target_url}`;
  return text.toLowerCase().includes(filter.toLowerCase());
}
