/** The page of a decided request. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ActionDetail } from '#/action/ActionDetail';
import { headline } from '#/action/headline';
import { outcomeOf } from '#/action/outcome';
import { RequestLine } from '#/action/RequestLine';
import { RiskBadge } from '#/action/RiskBadge';
import type { RequestEntry } from '#/client';
import { getApprovalOptions } from '#/client/@tanstack/react-query.gen';
import { useNames } from '#/names/useNames';
import { Visible } from '#/text/Visible';
import { BackLink } from '#/ui/BackLink';
import { Badge } from '#/ui/Badge';
import { BUTTON } from '#/ui/Button';
import { Fact } from '#/ui/Fact';
import { Failure } from '#/ui/Failure';
import { Loading } from '#/ui/Loading';
import { Panel } from '#/ui/Panel';
import { FollowUp } from './FollowUp';
import { Timeline } from './Timeline';
import { timelineOf } from './timeline';

/** Shows everything known about a request. */
export function RequestDetail({ entry }: { entry: RequestEntry }) {
  const held = useQuery({
    ...getApprovalOptions({ path: { action_id: entry.action_id ?? '' } }),
    enabled: entry.action_id !== null,
  });
  const action = entry.action_id === null ? undefined : held.data;
  const outcome = outcomeOf(entry);
  return (
    <div className="space-y-4">
      <BackLink to="/history">History</BackLink>
      <div className="flex flex-wrap items-start justify-between gap-2">
        <div className="min-w-0">
          <h1 className="text-xl font-semibold">
            <Visible text={headline(entry)} />
          </h1>
          <p className="mt-1 flex flex-wrap gap-1.5">
            <Badge tone={outcome.tone}>{outcome.word}</Badge>
            <RiskBadge score={entry.risk_score} />
          </p>
        </div>
        <Link to="/rules/new" search={{ from: entry.id }} className={BUTTON}>
          Create rule
        </Link>
      </div>
      <Failure error={held.error} />
      {action && <FollowUp action={action} />}
      <div className="grid gap-4 xl:grid-cols-[minmax(0,1fr)_20rem]">
        <div className="min-w-0 xl:order-last">
          <Panel title="Timeline">
            <Timeline events={timelineOf(entry, action)} />
            {action?.status === 'PENDING' && (
              <Link
                to="/"
                search={{ action: action.action_id }}
                className={`mt-3 w-full ${BUTTON}`}
              >
                Review in queue
              </Link>
            )}
            {action?.detail && (
              <p className="mt-3 text-sm text-bad">
                <Visible text={action.detail} />
              </p>
            )}
          </Panel>
        </div>
        {entry.action_id !== null && held.isPending && <Loading />}
        {action && <ActionDetail action={action} />}
        {entry.action_id === null && <UnheldRequest entry={entry} />}
      </div>
    </div>
  );
}

/** Shows a request that was not held: its headers and body are not stored. */
function UnheldRequest({ entry }: { entry: RequestEntry }) {
  const { agents, services } = useNames();
  return (
    <div className="min-w-0 space-y-4">
      <Panel title="Request">
        <RequestLine method={entry.method} url={entry.target_url} />
        <p className="mt-3 text-sm">
          {entry.intent === '' ? 'No intent given' : <Visible text={entry.intent} />}
        </p>
        <p className="mt-3 text-sm text-soft">
          Headers and bodies are stored only for held requests.
        </p>
      </Panel>
      <Panel title="Reason for the decision">
        <p className="text-sm">
          <Visible text={entry.risk_explanation} />
        </p>
        {entry.matched_rules.length > 0 && (
          <p className="mt-2 text-sm">
            Matched rules:{' '}
            {entry.matched_rules.map(({ id, name, effect }) => (
              <span key={id} className="mr-2">
                <Visible text={name} /> <Badge>{effect.replace('_', ' ')}</Badge>
              </span>
            ))}
          </p>
        )}
      </Panel>
      <Panel title="Details">
        <dl className="space-y-1">
          <Fact name="Agent">
            <Visible text={agents.of(entry.agent_id)} />
          </Fact>
          <Fact name="Service">
            <Visible text={services.of(entry.service_id)} />
          </Fact>
          <Fact name="Request ID">
            <code className="text-xs break-all">{entry.request_id}</code>
          </Fact>
        </dl>
      </Panel>
    </div>
  );
}
