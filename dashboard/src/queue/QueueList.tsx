/** The cards of what waits. */
import { Link } from '@tanstack/react-router';
import { memo } from 'react';
import { headline, RiskBadge, TimeLeft } from '#/action/ActionDetail';
import { reasonsForSecondPress } from '#/action/weigh';
import type { Action } from '#/client';
import { Visible } from '#/text/Visible';
import { Button, Failure } from '#/ui/parts';
import { type Direction, type Push, useSwipe } from './useSwipe';

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
  return (
    <ul aria-label="Waiting requests" className="space-y-2">
      {actions.map((action) => (
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
    </ul>
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
    <li className="[contain-intrinsic-size:auto_7.5rem] [content-visibility:auto]">
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
          <span className="mt-1.5 line-clamp-2 block font-semibold">
            <Visible text={headline(action)} />
          </span>
          <span className="line-clamp-2 block text-sm">
            <Visible text={action.intent} />
          </span>
          <span className="mt-1 line-clamp-1 block text-xs text-soft">
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
