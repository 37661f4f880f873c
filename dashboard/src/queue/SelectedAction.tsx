/** The selected request. */

import { lazy, type ReactNode, Suspense } from 'react';
import { ActionDetail } from '#/action/ActionDetail';
import { EffectTag } from '#/action/EffectTag';
import { effectOf, effectWord } from '#/action/effect';
import { TARGET_CHARACTERS_MAX } from '#/action/friction';
import { Headline } from '#/action/Headline';
import { DangerBadge } from '#/action/RiskBadge';
import { StatusBadge } from '#/action/StatusBadge';
import { TimeLeft } from '#/action/TimeLeft';
import type { Action } from '#/client';
import { RuleFromRequest } from '#/rule/RuleFromRequest';
import { Cut } from '#/text/Cut';
import { splitTarget } from '#/text/target';
import { Visible } from '#/text/Visible';
import { Failure } from '#/ui/Failure';
import { Decided } from './Decided';
import { DecisionBar, type DecisionProps } from './DecisionBar';
import { ExpiresSoon } from './ExpiresSoon';
import type { Subject } from './useSubject';

/** Only requests with an unknown outcome need it. */
const FollowUp = lazy(() =>
  import('#/request/FollowUp').then(({ FollowUp }) => ({ default: FollowUp })),
);

/** The id of the heading, which takes the focus when a decision leads to the next request. */
export const SUBJECT = 'subject';

/**
 * Shows a request and, while it is pending, the controls to decide on it. The heading and the buttons
 * stay visible; the part between them scrolls.
 */
export function SelectedAction({
  isPending,
  back,
  onNext,
  similarCount = 1,
  ...decision
}: DecisionProps & {
  isPending: boolean;
  /** How many similar requests its entry of the list has, with this one. */
  similarCount?: number;
  /** A link that leads back, at the beginning of the heading. */
  back?: ReactNode;
  /** Selects the next request; undefined if there is none. */
  onNext: (() => void) | undefined;
}) {
  const { action, failure, submission } = decision;
  return (
    <article
      aria-label="Selected request"
      className="flex flex-col gap-4 lg:h-full lg:min-h-0 lg:gap-3"
    >
      <Heading
        action={action}
        back={back}
        isPending={isPending}
        isWhole={decision.isWhole}
        subject={decision.subject}
      />
      <section
        aria-label="Request"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so a keyboard has to reach it
        tabIndex={0}
        className="space-y-4 lg:min-h-0 lg:flex-1 lg:overflow-y-auto"
      >
        {!isPending && (
          <div className="space-y-2">
            {failure && <Failure>{failure}</Failure>}
            {action.status === 'INDETERMINATE' && (
              <Suspense>
                <FollowUp action={action} />
              </Suspense>
            )}
            {!['PENDING', 'INDETERMINATE'].includes(action.status) && (
              <Decided action={action} onNext={onNext} />
            )}
          </div>
        )}
        <ActionDetail action={action} />
        <RuleFromRequest action={action} />
      </section>
      {isPending && similarCount > 1 && (
        <p className="text-sm text-soft">
          1 of {similarCount.toLocaleString('en')} similar requests: this decides on this one only.
        </p>
      )}
      {(isPending || submission?.isUnknown) &&
        (action.may_decide ? <DecisionBar {...decision} /> : <MayNotDecide action={action} />)}
    </article>
  );
}

/** Explains why the user cannot decide on a request, in place of the buttons. */
function MayNotDecide({ action }: { action: Action }) {
  return (
    <p
      role="note"
      className="sticky bottom-0 z-20 -mx-3 border-t border-line bg-raised p-3 text-sm sm:mx-0 sm:rounded-lg sm:border lg:static"
    >
      You cannot decide on this request: {action.may_not_decide_because}.
    </p>
  );
}

/** Names the request to decide on. Sticks to the top, unless the window is too low for that. */
function Heading({
  action,
  back,
  isPending,
  isWhole,
  subject,
}: {
  action: Action;
  back: ReactNode;
  isPending: boolean;
  isWhole: boolean;
  subject: Subject;
}) {
  const { origin, path, rawQuery } = splitTarget(action.target_url);
  return (
    // In a low window, the subject comes first: the buttons below need it on the screen.
    <header
      id={SUBJECT}
      tabIndex={-1}
      className="-mx-3 -mt-3 flex flex-col border-b border-line bg-page px-3 py-2 sm:mx-0 sm:mt-0 sm:px-0 lg:static lg:border-0 lg:py-0 [@media(min-height:30rem)]:sticky [@media(min-height:30rem)]:top-(--header) [@media(min-height:30rem)]:z-20"
    >
      <p className="flex flex-wrap items-center gap-x-1.5 lg:mb-1 gap-y-1 sm:gap-x-3 text-xs text-soft [@media(max-height:30rem)]:order-last">
        {back}
        <EffectTag effect={effectOf(action)} word={effectWord(action)} />
        <DangerBadge action={action} />
        <span className="ml-auto flex items-center gap-2">
          {isPending ? (
            <>
              <ExpiresSoon action={action} />
              <TimeLeft until={action.expires_at} />
            </>
          ) : (
            <StatusBadge status={action.status} />
          )}
        </span>
      </p>
      <div
        // The same request fully loaded has to be reviewed again: a new element is a new subject.
        key={`${action.digest} ${isWhole}`}
        ref={subject.ref}
        data-subject={action.action_id}
      >
        <h2 className="text-lg leading-6 font-semibold">
          <Headline action={action} isTall />
        </h2>
        <p className="font-mono text-[0.8rem]">
          <strong>{action.method}</strong>{' '}
          {/* A phone has no room for the service's own address. */}
          <span className="hidden sm:inline">
            <Visible text={origin} />
          </span>
          <Cut
            text={`${path}${rawQuery === '' ? '' : `?${rawQuery}`}`}
            length={TARGET_CHARACTERS_MAX}
            isCounted
          />
        </p>
      </div>
    </header>
  );
}
