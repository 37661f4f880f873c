/** The cards of what waits. */
import { Link, useNavigate } from '@tanstack/react-router';
import { memo, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { cardOf, targetOf } from '#/action/card';
import { ShortIntent } from '#/action/Intent';
import { RiskBadge } from '#/action/RiskBadge';
import { reasonsForSecondPress, TARGET_CHARACTERS_MAX } from '#/action/secondPress';
import { TimeLeft } from '#/action/TimeLeft';
import { useOperation } from '#/action/useOperation';
import type { Action } from '#/client';
import { Cut } from '#/text/Cut';
import { Visible } from '#/text/Visible';
import { Failure } from '#/ui/Failure';
import { CardFields } from './CardFields';
import { Confirmation } from './Confirmation';
import type { Work } from './Decisions';
import { isWhollyInView } from './inView';
import { isWide } from './isWide';
import type { Armed, Presses } from './usePresses';
import { SEEN_MS } from './useSubject';
import { type Direction, type Push, useSwipe } from './useSwipe';

/** So many cards are drawn at first, and so many more whenever the end comes near. */
const DRAWN_AT_ONCE = 40;

/** Decides on a card that was pushed aside. */
type OnSwipe = (action: Action, direction: Direction) => void;

/** The list, the oldest first. */
export function QueueList({
  actions,
  selectedId,
  presses,
  works,
  failures,
  onSwipe,
}: {
  actions: Action[];
  selectedId: string | undefined;
  presses: Presses;
  works: ReadonlyMap<string, Work>;
  failures: ReadonlyMap<string, string>;
  /** Must stay the same from one drawing to the next, or every card is drawn again. */
  onSwipe: OnSwipe;
}) {
  const [drawn, setDrawn] = useState(DRAWN_AT_ONCE);
  const drawMore = useCallback(() => setDrawn((before) => before + DRAWN_AT_ONCE), []);
  const isStill = useStillness(actions);
  const selectedAt = actions.findIndex(({ action_id }) => action_id === selectedId);
  const shown = actions.slice(0, Math.max(drawn, selectedAt + DRAWN_AT_ONCE / 2));
  const rest = actions.length - shown.length;
  return (
    <ul aria-label="Waiting requests" className="space-y-2">
      {shown.map((action) => {
        const armed = presses.armed?.id === action.action_id ? presses.armed : null;
        return (
          <Card
            key={action.action_id}
            action={action}
            isSelected={action.action_id === selectedId}
            armed={armed}
            isPausing={armed !== null && presses.isPausing}
            work={works.get(action.action_id)}
            failure={failures.get(action.action_id)}
            isStill={isStill}
            onConfirm={presses.confirm}
            onSwipe={onSwipe}
          />
        );
      })}
      {rest > 0 && <Rest key={shown.length} count={rest} onReached={drawMore} />}
    </ul>
  );
}

/** Whether cards have stayed in their places long enough for a finger to mean the one it touches. */
function useStillness(actions: readonly Action[]): () => boolean {
  const ids = actions.map(({ action_id }) => action_id).join(' ');
  const last = useRef({ ids: '', changedAt: 0 });
  useEffect(() => {
    // New requests come last and move nothing.
    const isMoved = last.current.ids === '' || !ids.startsWith(last.current.ids);
    last.current = { ids, changedAt: isMoved ? performance.now() : last.current.changedAt };
  }, [ids]);
  return useCallback(() => performance.now() - last.current.changedAt >= SEEN_MS, []);
}

/** Stands for the cards that are not drawn yet, and asks for more before it is seen. */
function Rest({ count, onReached }: { count: number; onReached: () => void }) {
  const end = useRef<HTMLLIElement>(null);
  useEffect(() => {
    const observer = new IntersectionObserver(
      ([entry]) => {
        if (entry?.isIntersecting) onReached();
      },
      { rootMargin: '1500px' },
    );
    if (end.current) observer.observe(end.current);
    return () => observer.disconnect();
  }, [onReached]);
  return (
    <li ref={end} className="p-3 text-center text-sm text-soft">
      {count.toLocaleString('en')} more below
    </li>
  );
}

const Card = memo(function Card({
  action,
  isSelected,
  armed,
  isPausing,
  work,
  failure,
  isStill,
  onConfirm,
  onSwipe,
}: {
  action: Action;
  isSelected: boolean;
  armed: Armed | null;
  isPausing: boolean;
  work: Work | undefined;
  failure: string | undefined;
  isStill: () => boolean;
  onConfirm: (isConfirmed: boolean) => void;
  onSwipe: OnSwipe;
}) {
  const { operation } = useOperation(action);
  const { values, isComplete } = useMemo(() => cardOf(action, operation), [action, operation]);
  const navigate = useNavigate();
  // What is written on the card: a corner that is rounded off is no part of it.
  const card = useRef<HTMLSpanElement>(null);
  const isSeen = () => card.current !== null && isStill() && isWhollyInView(card.current);
  const { push, handlers } = useSwipe({
    isSeen,
    onSwipe: (direction) => {
      if (work) return;
      if (direction === 'approve' && !isComplete) {
        void navigate({ to: '/', search: { action: action.action_id } });
      } else onSwipe(action, direction);
    },
  });
  return (
    <li className="[contain-intrinsic-size:auto_10rem] [content-visibility:auto]">
      <div className="relative overflow-hidden rounded-lg">
        {push && (
          <PushLabel push={push} isComplete={isComplete} isRisky={isRisky(action) && !armed} />
        )}
        <Link
          to="/"
          search={(before) => ({ ...before, action: action.action_id })}
          // On a phone the request takes the place of the list, and is read from its beginning.
          resetScroll={!isWide()}
          draggable={false}
          aria-current={isSelected ? 'true' : undefined}
          aria-busy={work !== undefined}
          data-action={action.action_id}
          className={`relative block touch-pan-y rounded-lg border bg-panel p-3 select-none hover:bg-raised aria-busy:opacity-60 ${isSelected ? 'border-brand ring-1 ring-brand ring-inset' : 'border-line'}`}
          {...handlers}
        >
          <span ref={card} className="block">
            <span className="flex flex-wrap items-center gap-2 text-xs text-soft">
              <RiskBadge score={action.risk_score} />
              <TimeLeft until={action.expires_at} />
            </span>
            {action.operation?.summary && (
              <span className="mt-1.5 line-clamp-2 font-semibold">
                <Visible text={action.operation.summary} />
              </span>
            )}
            <span className="mt-1 block font-mono text-sm">
              <strong>{action.method}</strong>{' '}
              <Cut text={targetOf(action)} length={TARGET_CHARACTERS_MAX} isCounted />
            </span>
            <CardFields values={values} />
            <ShortIntent action={action} />
            <span className="mt-1 line-clamp-1 text-xs text-soft">
              <Visible text={action.agent_name} /> → <Visible text={action.service_name} />
            </span>
          </span>
        </Link>
      </div>
      {work?.isUnknown && (
        <p role="status" className="mt-1 text-sm font-medium text-warn">
          We do not know whether this was {work.kind === 'approve' ? 'approved' : 'denied'}.
          Checking…
        </p>
      )}
      {failure && (
        <div className="mt-1">
          {/* Next to the request itself it is said at length. */}
          <Failure>{isSelected ? 'Your decision failed' : failure}</Failure>
        </div>
      )}
      {/* For the selected request it is among its buttons; a card that hides something has none. */}
      {armed && !isSelected && isComplete && (
        <div className="mt-1 rounded-md bg-panel">
          <Confirmation
            action={action}
            armed={armed}
            isWaiting={isPausing}
            onConfirm={onConfirm}
            onApprove={() => isSeen() && onSwipe(action, 'approve')}
          />
        </div>
      )}
    </li>
  );
});

/** What a push does once it is let go. */
function PushLabel({
  push,
  isComplete,
  isRisky,
}: {
  push: Push;
  isComplete: boolean;
  isRisky: boolean;
}) {
  const isApproval = push.direction === 'approve';
  // What is not all on the card has to be opened to be approved.
  const opens = isApproval && !isComplete;
  const word = opens ? 'open' : isApproval ? 'approve' : 'deny';
  const text = !push.isFar
    ? `Push further to ${word}`
    : !push.isSeen
      ? 'Not yet fully seen'
      : isApproval && !opens && isRisky
        ? 'Let go, then push again'
        : `Let go to ${word}`;
  const color = isApproval ? 'bg-brand text-brand-ink' : 'bg-bad-fill text-white';
  return (
    <span
      aria-hidden
      className={`absolute inset-0 flex items-center rounded-lg px-3 text-sm font-semibold ${isApproval ? 'justify-start' : 'justify-end'} ${push.isFar && push.isSeen ? color : 'bg-raised'}`}
    >
      <span className="max-w-24">{text}</span>
    </span>
  );
}

function isRisky(action: Action): boolean {
  return reasonsForSecondPress(action).length > 0;
}
