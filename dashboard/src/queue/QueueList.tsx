/** The cards of what waits. */
import { Link } from '@tanstack/react-router';
import { memo, useCallback, useEffect, useRef, useState } from 'react';
import { headline, RiskBadge, TimeLeft } from '#/action/ActionDetail';
import { reasonsForSecondPress } from '#/action/weigh';
import type { Action } from '#/client';
import { Visible } from '#/text/Visible';
import { Button, Failure } from '#/ui/parts';
import { KeyFields } from './KeyFields';
import { type Direction, type Push, useSwipe } from './useSwipe';

/** So many cards are drawn at first, and so many more whenever the end comes near. */
const DRAWN_AT_ONCE = 40;

/** Decides on a card that was pushed aside. */
type OnSwipe = (action: Action, direction: Direction) => void;

/** The list, the oldest first. */
export function QueueList({
  actions,
  selectedId,
  armedId,
  busyIds,
  failures,
  onSwipe,
}: {
  actions: Action[];
  selectedId: string | undefined;
  armedId: string | null;
  busyIds: ReadonlySet<string>;
  failures: ReadonlyMap<string, string>;
  /** Must stay the same from one drawing to the next, or every card is drawn anew. */
  onSwipe: OnSwipe;
}) {
  const [drawn, setDrawn] = useState(DRAWN_AT_ONCE);
  const drawMore = useCallback(() => setDrawn((before) => before + DRAWN_AT_ONCE), []);
  const selectedAt = actions.findIndex(({ action_id }) => action_id === selectedId);
  const shown = actions.slice(0, Math.max(drawn, selectedAt + DRAWN_AT_ONCE / 2));
  const rest = actions.length - shown.length;
  return (
    <ul aria-label="Waiting requests" className="space-y-2">
      {shown.map((action) => (
        <Card
          key={action.action_id}
          action={action}
          isSelected={action.action_id === selectedId}
          isArmed={action.action_id === armedId}
          isBusy={busyIds.has(action.action_id)}
          failure={failures.get(action.action_id)}
          onSwipe={onSwipe}
        />
      ))}
      {rest > 0 && <Rest key={shown.length} count={rest} onReached={drawMore} />}
    </ul>
  );
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
  isArmed,
  isBusy,
  failure,
  onSwipe,
}: {
  action: Action;
  isSelected: boolean;
  isArmed: boolean;
  isBusy: boolean;
  failure: string | undefined;
  onSwipe: OnSwipe;
}) {
  const { push, handlers } = useSwipe((direction) => {
    if (!isBusy) onSwipe(action, direction);
  });
  return (
    <li className="[contain-intrinsic-size:auto_10rem] [content-visibility:auto]">
      <div className="relative overflow-hidden rounded-lg">
        {push && <PushLabel push={push} isRisky={isRisky(action) && !isArmed} />}
        <Link
          to="/"
          search={(before) => ({ ...before, action: action.action_id })}
          resetScroll={false}
          draggable={false}
          aria-current={isSelected ? 'true' : undefined}
          aria-busy={isBusy}
          data-action={action.action_id}
          className={`relative block touch-pan-y rounded-lg border bg-panel p-3 select-none hover:bg-raised aria-busy:opacity-60 ${isSelected ? 'border-brand ring-1 ring-brand ring-inset' : 'border-line'}`}
          {...handlers}
        >
          <span className="flex flex-wrap items-center gap-2 text-xs text-soft">
            <RiskBadge score={action.risk_score} />
            <TimeLeft until={action.expires_at} />
          </span>
          <span className="mt-1.5 line-clamp-2 font-semibold">
            <Visible text={headline(action)} />
          </span>
          <KeyFields action={action} />
          <span className="mt-1 line-clamp-2 text-sm">
            <Visible text={action.intent} />
          </span>
          <span className="mt-1 line-clamp-1 text-xs text-soft">
            <Visible text={action.agent_name} /> → <Visible text={action.service_name} />
          </span>
        </Link>
      </div>
      {failure && (
        <div className="mt-1">
          {/* Beside the request itself it is said at length. */}
          <Failure>{isSelected ? 'Your decision failed' : failure}</Failure>
        </div>
      )}
      {isArmed && (
        <div className="mt-1 space-y-2 rounded-md border border-warn bg-panel p-2 lg:hidden">
          <p role="status" className="text-sm text-warn">
            Approving needs a second push: {reasonsForSecondPress(action).join(', ')}.
          </p>
          <Button className="w-full" onClick={() => onSwipe(action, 'approve')}>
            Approve it all the same
          </Button>
        </div>
      )}
    </li>
  );
});

/** What a push does once it is let go. */
function PushLabel({ push, isRisky }: { push: Push; isRisky: boolean }) {
  const isApproval = push.direction === 'approve';
  const word = isApproval ? 'approve' : 'deny';
  const text = !push.isFar
    ? `Push further to ${word}`
    : isApproval && isRisky
      ? 'Let go, then push again'
      : `Let go to ${word}`;
  const colour = isApproval ? 'bg-brand text-brand-ink' : 'bg-bad-fill text-white';
  return (
    <span
      aria-hidden
      className={`absolute inset-0 flex items-center rounded-lg px-3 text-sm font-semibold ${isApproval ? 'justify-start' : 'justify-end'} ${push.isFar ? colour : 'bg-raised'}`}
    >
      <span className="max-w-24">{text}</span>
    </span>
  );
}

function isRisky(action: Action): boolean {
  return reasonsForSecondPress(action).length > 0;
}
