/** The cards of pending requests. */
import { Link, useNavigate } from '@tanstack/react-router';
import { memo, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { cardOf, targetOf } from '#/action/card';
import { Headline } from '#/action/Headline';
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
import type { Submission } from './Decisions';
import { isWhollyInView } from './inView';
import { isWide } from './isWide';
import type { Armed, Presses } from './usePresses';
import { SEEN_MS } from './useSubject';
import { type Direction, type Swipe, useSwipe } from './useSwipe';

/** The number of cards rendered at first, and added whenever the end of the list comes near. */
const CARDS_PER_BATCH = 40;

/** Decides on a swiped card. */
type OnSwipe = (action: Action, direction: Direction) => void;

/** Lists requests, oldest first. */
export function QueueList({
  actions,
  selectedId,
  presses,
  submissions,
  failures,
  onSwipe,
}: {
  actions: Action[];
  selectedId: string | undefined;
  presses: Presses;
  submissions: ReadonlyMap<string, Submission>;
  failures: ReadonlyMap<string, string>;
  /** Must keep its identity between renders, or every card renders again. */
  onSwipe: OnSwipe;
}) {
  const [drawn, setDrawn] = useState(CARDS_PER_BATCH);
  const drawMore = useCallback(() => setDrawn((before) => before + CARDS_PER_BATCH), []);
  const isStill = useStillness(actions);
  const selectedAt = actions.findIndex(({ action_id }) => action_id === selectedId);
  const shown = actions.slice(0, Math.max(drawn, selectedAt + CARDS_PER_BATCH / 2));
  const rest = actions.length - shown.length;
  return (
    <ul aria-label="Pending requests" className="space-y-2">
      {shown.map((action) => {
        const armed = presses.armed?.id === action.action_id ? presses.armed : null;
        return (
          <Card
            key={action.action_id}
            action={action}
            isSelected={action.action_id === selectedId}
            armed={armed}
            isPausing={armed !== null && presses.isPausing}
            submission={submissions.get(action.action_id)}
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

/**
 * Returns a function that says whether the cards have not moved for a while, so that a finger means
 * the card it touches.
 */
function useStillness(actions: readonly Action[]): () => boolean {
  const ids = actions.map(({ action_id }) => action_id).join(' ');
  const last = useRef({ ids: '', changedAt: 0 });
  useEffect(() => {
    // New requests are appended and move nothing.
    const isMoved = last.current.ids === '' || !ids.startsWith(last.current.ids);
    last.current = { ids, changedAt: isMoved ? performance.now() : last.current.changedAt };
  }, [ids]);
  return useCallback(() => performance.now() - last.current.changedAt >= SEEN_MS, []);
}

/** Replaces the cards that are not rendered yet, and requests more before it scrolls into view. */
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
  submission,
  failure,
  isStill,
  onConfirm,
  onSwipe,
}: {
  action: Action;
  isSelected: boolean;
  armed: Armed | null;
  isPausing: boolean;
  submission: Submission | undefined;
  failure: string | undefined;
  isStill: () => boolean;
  onConfirm: (isConfirmed: boolean) => void;
  onSwipe: OnSwipe;
}) {
  const { operation } = useOperation(action);
  const { values, isComplete } = useMemo(() => cardOf(action, operation), [action, operation]);
  const navigate = useNavigate();
  // Only the content of the card is measured, because its rounded corners do not count as visible.
  const card = useRef<HTMLSpanElement>(null);
  const isSeen = () => card.current !== null && isStill() && isWhollyInView(card.current);
  const { swipe, handlers } = useSwipe({
    isSeen,
    onSwipe: (direction) => {
      if (submission) return;
      if (direction === 'approve' && !isComplete) {
        void navigate({ to: '/', search: { action: action.action_id } });
      } else onSwipe(action, direction);
    },
  });
  return (
    <li className="[contain-intrinsic-size:auto_10rem] [content-visibility:auto]">
      <div className="relative overflow-hidden rounded-lg">
        {swipe && (
          <SwipeLabel swipe={swipe} isComplete={isComplete} isRisky={isRisky(action) && !armed} />
        )}
        <Link
          to="/"
          search={(before) => ({ ...before, action: action.action_id })}
          // On a phone, the request replaces the list and starts at its top.
          resetScroll={!isWide()}
          draggable={false}
          aria-current={isSelected ? 'true' : undefined}
          aria-busy={submission !== undefined}
          data-action={action.action_id}
          className={`relative block touch-pan-y rounded-lg border bg-panel p-3 select-none hover:bg-raised aria-busy:opacity-60 ${isSelected ? 'border-brand ring-1 ring-brand ring-inset' : 'border-line'}`}
          {...handlers}
        >
          <span ref={card} className="block">
            <span className="flex flex-wrap items-center gap-2 text-xs text-soft">
              <RiskBadge score={action.risk_score} />
              <TimeLeft until={action.expires_at} />
            </span>
            {(action.summary ?? action.operation?.summary) && (
              <span className="mt-1.5 block font-semibold">
                <Headline action={action} />
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
      {submission?.isUnknown && (
        <p role="status" className="mt-1 text-sm font-medium text-warn">
          Checking whether this was {submission.kind === 'approve' ? 'approved' : 'denied'}…
        </p>
      )}
      {failure && (
        <div className="mt-1">
          {/* The selected request shows the full message. */}
          <Failure>{isSelected ? 'Decision failed' : failure}</Failure>
        </div>
      )}
      {/* The selected request has it among its buttons; an incomplete card does not get it. */}
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

/** Says what releasing a swiped card does. */
function SwipeLabel({
  swipe,
  isComplete,
  isRisky,
}: {
  swipe: Swipe;
  isComplete: boolean;
  isRisky: boolean;
}) {
  const isApproval = swipe.direction === 'approve';
  // An incomplete card has to be opened before it can be approved.
  const opens = isApproval && !isComplete;
  const word = opens ? 'open' : isApproval ? 'approve' : 'deny';
  const text = !swipe.isFar
    ? `Keep swiping to ${word}`
    : !swipe.isSeen
      ? 'Not fully visible'
      : isApproval && !opens && isRisky
        ? 'Release, then swipe again'
        : `Release to ${word}`;
  const color = isApproval ? 'bg-brand text-brand-ink' : 'bg-bad-fill text-white';
  return (
    <span
      aria-hidden
      className={`absolute inset-0 flex items-center rounded-lg px-3 text-sm font-semibold ${isApproval ? 'justify-start' : 'justify-end'} ${swipe.isFar && swipe.isSeen ? color : 'bg-raised'}`}
    >
      <span className="max-w-24">{text}</span>
    </span>
  );
}

function isRisky(action: Action): boolean {
  return reasonsForSecondPress(action).length > 0;
}
