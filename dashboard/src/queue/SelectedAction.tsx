/** The request that is looked at. */
import { ActionDetail, headline, RiskBadge, StatusBadge, TimeLeft } from '#/action/ActionDetail';
import { Visible } from '#/text/Visible';
import { Failure } from '#/ui/parts';
import { DecisionBar, type DecisionProps } from './DecisionBar';

/** All of it, and the decision while it waits. One that waits no longer says what became of it. */
export function SelectedAction({ isWaiting, ...decision }: DecisionProps & { isWaiting: boolean }) {
  const { action, failure } = decision;
  return (
    <article aria-label="Selected request" className="space-y-4">
      <div>
        <h2 className="text-lg font-semibold">
          <Visible text={headline(action)} />
        </h2>
        <p className="flex flex-wrap items-center gap-2 text-sm text-soft">
          <RiskBadge score={action.risk_score} />
          <span className="min-w-0">
            <Visible text={action.agent_name} /> asks <Visible text={action.service_name} /> ·{' '}
            {isWaiting ? (
              <TimeLeft until={action.expires_at} />
            ) : (
              <StatusBadge status={action.status} />
            )}
          </span>
        </p>
      </div>
      {!isWaiting && (
        <div className="space-y-2">
          {failure && <Failure>{failure}</Failure>}
          <p role="status" className="rounded-md border border-line bg-panel p-3 text-sm">
            This request waits no longer: it is <strong>{action.status.toLowerCase()}</strong>.
          </p>
        </div>
      )}
      <ActionDetail action={action} />
      {isWaiting && <DecisionBar {...decision} />}
    </article>
  );
}
