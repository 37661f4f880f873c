/** The selected request. */
import { ActionDetail } from '#/action/ActionDetail';
import { Headline } from '#/action/Headline';
import { RiskBadge } from '#/action/RiskBadge';
import { StatusBadge } from '#/action/StatusBadge';
import { TARGET_CHARACTERS_MAX } from '#/action/secondPress';
import { TimeLeft } from '#/action/TimeLeft';
import type { Action } from '#/client';
import { FollowUp } from '#/request/FollowUp';
import { RuleFromRequest } from '#/rule/RuleFromRequest';
import { Cut } from '#/text/Cut';
import { splitTarget } from '#/text/target';
import { Visible } from '#/text/Visible';
import { Failure } from '#/ui/Failure';
import { DecisionBar, type DecisionProps } from './DecisionBar';
import type { Subject } from './useSubject';

/**
 * Shows a request and, while it is pending, the controls to decide on it. The heading and the buttons
 * stay visible; the part between them scrolls.
 */
export function SelectedAction({ isPending, ...decision }: DecisionProps & { isPending: boolean }) {
  const { action, failure, submission } = decision;
  return (
    <article
      aria-label="Selected request"
      className="flex flex-col gap-4 lg:h-full lg:min-h-0 lg:gap-3"
    >
      <Heading action={action} isPending={isPending} subject={decision.subject} />
      <section
        aria-label="Request"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so a keyboard has to reach it
        tabIndex={0}
        className="space-y-4 lg:min-h-0 lg:flex-1 lg:overflow-y-auto"
      >
        {!isPending && (
          <div className="space-y-2">
            {failure && <Failure>{failure}</Failure>}
            {action.status === 'INDETERMINATE' && <FollowUp action={action} />}
            {!['PENDING', 'INDETERMINATE'].includes(action.status) && (
              <p role="status" className="rounded-md border border-line bg-panel p-3 text-sm">
                No longer pending: <strong>{action.status.toLowerCase()}</strong>
              </p>
            )}
          </div>
        )}
        <ActionDetail action={action} />
        <RuleFromRequest action={action} />
      </section>
      {(isPending || submission?.isUnknown) && <DecisionBar {...decision} />}
    </article>
  );
}

/** Names the request to decide on. Sticks to the top, unless the window is too low for that. */
function Heading({
  action,
  isPending,
  subject,
}: {
  action: Action;
  isPending: boolean;
  subject: Subject;
}) {
  const { origin, path, rawQuery } = splitTarget(action.target_url);
  return (
    <div className="-mx-3 border-b border-line bg-page px-3 py-2 sm:mx-0 sm:px-0 lg:static lg:border-0 lg:py-0 [@media(min-height:30rem)]:sticky [@media(min-height:30rem)]:top-(--header) [@media(min-height:30rem)]:z-20">
      <div ref={subject.ref} data-subject={action.action_id}>
        <h2 className="text-lg leading-6 font-semibold">
          <Headline action={action} />
        </h2>
        <p className="font-mono text-[0.8rem]">
          <strong>{action.method}</strong>{' '}
          <Cut
            text={`${origin}${path}${rawQuery === '' ? '' : `?${rawQuery}`}`}
            length={TARGET_CHARACTERS_MAX}
            isCounted
          />
        </p>
      </div>
      <p className="mt-1 flex flex-wrap items-center gap-2 text-sm text-soft">
        <RiskBadge score={action.risk_score} />
        <span className="min-w-0">
          <Visible text={action.agent_name} /> → <Visible text={action.service_name} /> ·{' '}
          {isPending ? (
            <TimeLeft until={action.expires_at} />
          ) : (
            <StatusBadge status={action.status} />
          )}
        </span>
      </p>
    </div>
  );
}
