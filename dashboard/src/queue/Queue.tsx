/** The pending requests, and the decision on them. */
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
import type { Choice } from './send';
import { UnknownOutcomes } from './UnknownOutcomes';
import { useUnknownOutcomes } from './unknown';
import { usePresses } from './usePresses';
import { useShortcuts } from './useShortcuts';
import { type Refusal, useSubject } from './useSubject';
import type { Direction } from './useSwipe';

const REFUSALS: Record<Refusal, string> = {
  hidden: 'A decision is accepted only while the title and the target are fully on the screen.',
  new: 'This request has only just appeared. Look at it, then press again.',
};

/** The page: the cards, and next to or over them the one that is looked at. */
export function Queue({ selectedId }: { selectedId: string | undefined }) {
  const navigate = useNavigate();
  const pending = useQuery(listPendingApprovalsOptions());
  const { works, failures, decide } = useDecisions();
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
  // Bodies in the list may be shortened, and one that is no longer pending must not vanish under the eyes.
  const whole = useQuery({
    ...getApprovalOptions({ path: { action_id: selectedId ?? '' } }),
    enabled: selectedId !== undefined,
  });
  const selected = isFilteredOut || !selectedId ? undefined : (whole.data ?? inList);
  const isPending = inList !== undefined && selected?.status === 'PENDING';

  const select = (id: string | undefined) =>
    navigate({ to: '/', search: id ? { action: id } : {}, replace: isWide(), resetScroll: false });

  // Nothing that is not in the list may stay selected; one that was asked for by its id is not replaced.
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

  const settle = async (action: Action, choice: Choice) => {
    const wasSelected = current.current;
    const at = shown.findIndex(({ action_id }) => action_id === action.action_id);
    const next = shown[at + 1] ?? shown[at - 1];
    setNotice('');
    setHint(null);
    if (!(await decide(action, choice))) return;
    setDenyingId(null);
    setNotice(`${doneWord(action, choice)}: ${headline(action)}`);
    // Whoever has gone on to another request or page stays there.
    if (wasSelected !== action.action_id || current.current !== wasSelected) return;
    await select(isWide() ? next?.action_id : undefined);
  };
  const presses = usePresses((action) => void settle(action, { kind: 'approve' }));

  /** Lets a decision on the selected request pass, if it can be seen and was not chosen in advance. */
  const ifSeen = (decideOn: (action: Action) => void, accepted: Refusal | null = null) => {
    if (!selected || !isPending || works.has(selected.action_id)) return;
    const found = subject.refusal();
    const refusal = found === accepted ? null : found;
    setHint(refusal && { id: selected.action_id, text: REFUSALS[refusal] });
    if (!refusal) decideOn(selected);
  };
  const isWhole = whole.data !== undefined && whole.data.digest === inList?.digest;
  const approve = () => ifSeen((action) => isWhole && !action.unreadable && presses.press(action));

  const onDenying = (isDenying: boolean) => {
    presses.cancel();
    setDenyingId(isDenying ? (selected?.action_id ?? null) : null);
  };

  const swipe = (action: Action, direction: Direction) => {
    if (works.has(action.action_id)) return;
    // A card that does not show everything is opened by its push and never comes here.
    if (direction === 'approve') presses.press(action);
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
                    <Keyboard aria-hidden className="size-4" /> Keys
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
              aria-label="Filter the list"
              placeholder="Filter by agent, service, intent or address"
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
              works={works}
              failures={failures}
              onSwipe={onSwipe}
            />
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
                <ArrowLeft aria-hidden className="size-4" /> All waiting requests
              </Link>
            </div>
          )}
          {selectedId && !isFilteredOut && <Failure error={whole.error} />}
          {selected && (
            <SelectedAction
              // Another request, or the same one in full, is another thing to look at.
              key={`${selected.action_id} ${selected.digest} ${isWhole}`}
              action={selected}
              isPending={isPending}
              isWhole={isWhole}
              work={works.get(selected.action_id)}
              failure={failures.get(selected.action_id)}
              hint={hint?.id === selected.action_id ? hint.text : undefined}
              subject={subject}
              presses={presses}
              isDenying={denyingId === selected.action_id}
              onApprove={approve}
              onDenying={onDenying}
              onDeny={(note, isBlocking) =>
                // Its form was opened for this request, so a quick note is no slip.
                ifSeen((action) => void settle(action, { kind: 'deny', note, isBlocking }), 'new')
              }
            />
          )}
        </div>
      </div>
      {isHelpOpen && <ShortcutsHelp onClose={() => setIsHelpOpen(false)} />}
    </>
  );
}

function doneWord(action: Action, choice: Choice): string {
  if (choice.kind === 'approve') return 'Approved';
  return choice.isBlocking ? `Denied, and ${action.agent_name} is blocked` : 'Denied';
}

function matches(action: Action, filter: string): boolean {
  const text = `${action.agent_name}\n${action.service_name}\n${action.intent}\n${action.method} ${action.target_url}`;
  return text.toLowerCase().includes(filter.toLowerCase());
}
