/** A pending request in the list: a card, or a row where the list is dense. */
import { Link, useNavigate } from '@tanstack/react-router';
import { Fragment, memo, useRef } from 'react';
import { approvalsText } from '#/action/approvals';
import { cardOf, targetOf } from '#/action/card';
import { EffectTag } from '#/action/EffectTag';
import { EFFECTS, effectOf, effectWord } from '#/action/effect';
import { comparisonsOf } from '#/action/familiarity';
import { frictionOf, TARGET_CHARACTERS_MAX } from '#/action/friction';
import { Headline } from '#/action/Headline';
import { ShortIntent } from '#/action/Intent';
import { DangerBadge } from '#/action/RiskBadge';
import { isDangerous, topReasonOf } from '#/action/reason';
import { TimeLeft } from '#/action/TimeLeft';
import type { Action } from '#/client';
import { Cut } from '#/text/Cut';
import { Visible } from '#/text/Visible';
import { Failure } from '#/ui/Failure';
import { CardFields } from './CardFields';
import { Confirmation } from './Confirmation';
import type { Submission } from './Decisions';
import { ExpiresSoon } from './ExpiresSoon';
import { isWhollyInView } from './inView';
import { isWide } from './media';
import { type Armed, LAPSED } from './usePresses';
import { type Direction, type Swipe, useSwipe } from './useSwipe';

/** Shows a request, with its decision if one is under way. */
export const Card = memo(function Card({
  action,
  isDense,
  isOffline,
  isSelected,
  isTabStop,
  isPicked,
  armed,
  isPausing,
  hasLapsed,
  submission,
  failure,
  isStill,
  onConfirm,
  onSwipe,
  onPick,
}: {
  action: Action;
  isDense: boolean;
  isOffline: boolean;
  isSelected: boolean;
  isTabStop: boolean;
  isPicked: boolean;
  armed: Armed | null;
  isPausing: boolean;
  hasLapsed: boolean;
  submission: Submission | undefined;
  failure: string | undefined;
  isStill: () => boolean;
  onConfirm: (isConfirmed: boolean) => void;
  onSwipe: (action: Action, direction: Direction) => void;
  onPick: (id: string) => void;
}) {
  // A row does not show the values.
  // Someone who may not approve, or has already, opens it.
  const isComplete = !isDense && cardOf(action).isComplete && action.approvals.may_vote;
  const navigate = useNavigate();
  // Only the content of the card is measured, because its rounded corners do not count as visible.
  const card = useRef<HTMLSpanElement>(null);
  const isSeen = () => card.current !== null && isStill() && isWhollyInView(card.current);
  const { swipe, handlers } = useSwipe({
    isSeen,
    onSwipe: (direction) => {
      if (submission || isOffline || !action.may_decide) return;
      if (direction === 'approve' && !isComplete) {
        void navigate({
          to: '/',
          search: (before) => ({ ...before, action: action.action_id }),
        });
      } else onSwipe(action, direction);
    },
  });
  return (
    // biome-ignore lint/a11y/useSemanticElements: the list has parts between it and its items
    <div role="listitem" className="relative">
      <div className="relative overflow-hidden rounded-lg">
        {swipe && (
          <SwipeLabel
            swipe={swipe}
            isComplete={isComplete}
            isDeliberate={frictionOf(action) !== 'press' && !armed}
          />
        )}
        <Link
          to="/"
          search={(before) => ({ ...before, action: action.action_id })}
          // On a phone, the request replaces the list and starts at its top.
          resetScroll={!isWide()}
          draggable={false}
          tabIndex={isTabStop ? 0 : -1}
          aria-current={isSelected ? 'true' : undefined}
          aria-busy={submission !== undefined}
          data-action={action.action_id}
          data-entry={action.action_id}
          // A row has no room for the target.
          title={isDense ? `${action.method} ${targetOf(action)}` : undefined}
          className={`relative block touch-pan-y scroll-my-24 rounded-lg border bg-panel select-none hover:bg-raised aria-busy:opacity-60 ${isDense ? 'border-transparent py-1.5 pr-2 pl-9' : 'p-3'} ${isSelected ? 'border-brand ring-1 ring-brand ring-inset' : 'border-line'}`}
          {...handlers}
        >
          <span ref={card} className="block">
            {isDense ? <Row action={action} /> : <FullCard action={action} />}
          </span>
        </Link>
        {isDense && (
          <label className="absolute inset-y-0 left-0 flex w-9 items-center justify-center">
            <span className="sr-only">
              Select <Headline action={action} />
            </span>
            <input
              type="checkbox"
              tabIndex={-1}
              checked={isPicked}
              onChange={() => onPick(action.action_id)}
              className="size-4 accent-brand"
            />
          </label>
        )}
      </div>
      {submission?.isUnknown && (
        <p role="status" className="mt-1 text-sm font-medium text-warn">
          Checking whether this was {submission.kind === 'approve' ? 'approved' : 'denied'}…
        </p>
      )}
      {failure && (
        <div className="mt-1">
          {/* The selected request shows the full message. */}
          <Failure>{isSelected ? 'See the message in the request.' : failure}</Failure>
        </div>
      )}
      {hasLapsed && !isSelected && (
        <p role="status" className="mt-1 text-sm text-warn">
          {LAPSED}
        </p>
      )}
      {/* The selected request has it among its buttons; an incomplete card does not get it. */}
      {armed && action.may_decide && !isSelected && isComplete && (
        <div
          ref={showWhole}
          className="mt-1 scroll-mb-[calc(var(--footer)+0.75rem)] rounded-md bg-panel"
        >
          <Confirmation
            action={action}
            armed={armed}
            isWaiting={isPausing || isOffline}
            onConfirm={onConfirm}
            onApprove={() => isSeen() && !isOffline && onSwipe(action, 'approve')}
          />
        </div>
      )}
    </div>
  );
});

/** Scrolls what has just appeared clear of the bar at the bottom. */
function showWhole(element: HTMLElement | null) {
  element?.scrollIntoView({ block: 'nearest' });
}

/** Two lines: what the request would do, and who asks where. */
function Row({ action }: { action: Action }) {
  const { icon: Icon, isIrreversible } = EFFECTS[effectOf(action)];
  const word = effectWord(action);
  return (
    <span className="grid grid-cols-[1.125rem_minmax(0,1fr)] gap-x-2">
      <Icon aria-hidden className={`mt-0.5 size-4 ${isIrreversible ? 'text-bad' : 'text-soft'}`} />
      <span className="line-clamp-2 text-sm leading-5 font-medium">
        <span className="sr-only">{word}: </span>
        <Headline action={action} />
      </span>
      <span className="col-start-2 flex min-w-0 items-center gap-2 text-xs text-soft">
        <span className="truncate">
          <Visible text={action.agent_name} /> → <Visible text={action.service_name} />
          <Beyond action={action} />
        </span>
        <span className="ml-auto flex shrink-0 items-center gap-2">
          {isDangerous(action) && <span className="text-warn">High risk</span>}
          <ExpiresSoon action={action} />
          <TimeLeft until={action.expires_at} />
        </span>
      </span>
    </span>
  );
}

/** The values that the headline lacks, or the path if it shows no part of it: rows with the same headline differ in them. */
function Beyond({ action }: { action: Action }) {
  // Without a summary or an operation, the path is the headline.
  const hasPath = action.summary
    ? action.summary.facts.some(({ location }) => location === 'path')
    : !action.operation;
  return (
    <>
      {cardOf(action).valuesBeyond.map(({ name, value }) => (
        <Fragment key={`${name.text} ${value.text}`}>
          {' · '}
          <Visible text={`${name.text} ${value.text}`} />
        </Fragment>
      ))}
      {!hasPath && (
        <>
          {' · '}
          <Visible text={targetOf(action)} />
        </>
      )}
    </>
  );
}

/** Everything that a decision needs, if the request is short. */
export function FullCard({ action }: { action: Action }) {
  const { valuesBeyond, isComplete } = cardOf(action);
  const [comparison] = comparisonsOf(action);
  const reason = topReasonOf(action);
  const count = approvalsText(action);
  return (
    <>
      <span className="flex flex-wrap items-center gap-x-3 gap-y-1 text-xs text-soft">
        <EffectTag effect={effectOf(action)} word={effectWord(action)} />
        <DangerBadge action={action} />
        <span className="ml-auto flex items-center gap-2">
          <ExpiresSoon action={action} />
          <TimeLeft until={action.expires_at} />
        </span>
      </span>
      <span className="mt-1.5 block font-semibold">
        <Headline action={action} isTall />
      </span>
      <span className="mt-0.5 line-clamp-2 text-xs text-soft">
        <Visible text={action.agent_name} /> → <Visible text={action.service_name} />
        {action.operation?.summary && (
          <>
            {' · '}
            <Visible text={action.operation.summary} />
          </>
        )}
      </span>
      <CardFields values={valuesBeyond} />
      {comparison && (
        <span
          className={`mt-1 block text-xs ${comparison.isUnusual ? 'font-medium text-warn' : 'text-soft'}`}
        >
          {comparison.text}
        </span>
      )}
      {count && (
        <span className="mt-1 block text-xs font-medium">
          <Visible text={count} />
        </span>
      )}
      {reason && (
        <span className="mt-1 block text-xs text-warn">
          <span aria-hidden>! </span>
          <Visible text={typeof reason === 'string' ? reason : reason.sentence} />
        </span>
      )}
      <ShortIntent action={action} />
      <span className="mt-1.5 block font-mono text-xs">
        <strong>{action.method}</strong>{' '}
        <Cut text={targetOf(action)} length={TARGET_CHARACTERS_MAX} isCounted />
        <span className="font-sans text-soft">
          {' · '}
          {action.body_size.toLocaleString('en')} bytes ·{' '}
          {isComplete ? 'all shown' : 'not all shown'}
        </span>
      </span>
    </>
  );
}

/** Says what releasing a swiped card does. */
function SwipeLabel({
  swipe,
  isComplete,
  isDeliberate,
}: {
  swipe: Swipe;
  isComplete: boolean;
  isDeliberate: boolean;
}) {
  const isApproval = swipe.direction === 'approve';
  // An incomplete card has to be opened before it can be approved; a denial may have a note.
  const opens = isApproval && !isComplete;
  const word = opens ? 'open' : isApproval ? 'approve' : 'deny';
  const text = !swipe.isFar
    ? `Keep swiping to ${word}`
    : !swipe.isSeen
      ? 'Not fully visible'
      : isApproval && !opens && isDeliberate
        ? 'Release, then confirm'
        : `Release to ${word}`;
  const color = isApproval ? 'bg-brand text-brand-ink' : 'bg-bad-fill text-white';
  return (
    <span
      aria-hidden
      className={`absolute inset-0 flex items-center rounded-lg px-2 text-sm leading-tight font-semibold ${isApproval ? 'justify-start' : 'justify-end text-right'} ${swipe.isFar && swipe.isSeen ? color : 'bg-raised'}`}
    >
      {/* As wide as the card moves, less the padding. */}
      <span className="w-20">{text}</span>
    </span>
  );
}
