/** The page of a decided request. */
import { useQuery } from '@tanstack/react-query';
import { Link, useLocation } from '@tanstack/react-router';
import { ActionDetail } from '#/action/ActionDetail';
import { EffectTag } from '#/action/EffectTag';
import { headline } from '#/action/headline';
import { Intent } from '#/action/Intent';
import { outcomeOf, statusTone } from '#/action/outcome';
import { RequestLine } from '#/action/RequestLine';
import { RiskBadge } from '#/action/RiskBadge';
import type { RequestEntry } from '#/client';
import { getApprovalOptions } from '#/client/@tanstack/react-query.gen';
import { AgentLink, RuleLink, ServiceLink } from '#/names/Links';
import { useNames } from '#/names/useNames';
import { RuleFromRequest } from '#/rule/RuleFromRequest';
import { dateMinute, dateTime } from '#/text/time';
import { Visible } from '#/text/Visible';
import { BackLink } from '#/ui/BackLink';
import { Badge } from '#/ui/Badge';
import { BUTTON } from '#/ui/Button';
import { Fact } from '#/ui/Fact';
import { Failure } from '#/ui/Failure';
import { useHeading } from '#/ui/heading';
import { Loading } from '#/ui/Loading';
import { Panel } from '#/ui/Panel';
import { IfPermitted } from '#/ui/RoleNote';
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
  useHeading(`Request ${entry.id}`);
  const state = useLocation({ select: (location) => location.state });
  return (
    <div className="space-y-4">
      <BackLink to="/history" search={state.filter ?? {}}>
        History
      </BackLink>
      <div className="flex flex-wrap items-start justify-between gap-2">
        <div className="min-w-0">
          <h1 className="text-xl font-semibold">
            <Visible text={headline(entry)} />
          </h1>
          <p className="mt-1 flex flex-wrap items-center gap-1.5">
            <Badge tone={outcome.tone}>{outcome.word}</Badge>
            {entry.upstream_status !== null && (
              <Badge tone={statusTone(entry.upstream_status)}>{entry.upstream_status}</Badge>
            )}
            <EffectTag effect={entry.effect} />
            <RiskBadge score={entry.risk_score} />
            <span className="text-sm text-soft">
              <AgentLink id={entry.agent_id} /> → <ServiceLink id={entry.service_id} /> ·{' '}
              {dateMinute(entry.created_at)}
            </span>
          </p>
        </div>
        {entry.action_id === null && (
          <IfPermitted needs="define">
            <Link to="/rules/new" search={{ from: entry.id }} className={BUTTON}>
              Create rule
            </Link>
          </IfPermitted>
        )}
        {action && <RuleFromRequest action={action} />}
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
  const { agents } = useNames();
  return (
    <div className="min-w-0 space-y-4">
      <Panel title="Request">
        <RequestLine method={entry.method} url={entry.target_url} />
        <p className="mt-3 text-sm text-soft">
          Headers and bodies are stored only for held requests.
        </p>
      </Panel>
      <Panel title="The agent says">
        {entry.intent === '' ? (
          <p className="text-sm">No intent given</p>
        ) : (
          <>
            <Intent action={{ intent: entry.intent, agent_name: agents.of(entry.agent_id) }} />
            <p className="mt-2 text-sm text-soft">Unverified: written by the agent.</p>
          </>
        )}
      </Panel>
      <Panel title="Reason for the decision">
        <p className="text-sm">
          <Visible text={entry.risk_explanation} />
        </p>
        {entry.matched_rules.length > 0 && (
          <p className="mt-2 text-sm">
            Matched rules:{' '}
            {entry.matched_rules.map((rule) => (
              <RuleLink key={rule.id} rule={rule} />
            ))}
          </p>
        )}
      </Panel>
      <Panel title="Details">
        <dl className="space-y-1">
          <Fact name="Agent">
            <AgentLink id={entry.agent_id} />
          </Fact>
          <Fact name="Service">
            <ServiceLink id={entry.service_id} />
          </Fact>
          {entry.operation && (
            <Fact name="Operation">
              <Link to="/services/$id" params={{ id: entry.service_id }} className="underline">
                <Visible text={entry.operation.id} />
              </Link>
            </Fact>
          )}
          <Fact name="Decided">{dateTime(entry.created_at)}</Fact>
          <Fact name="Request ID">
            <code className="text-xs break-all">{entry.request_id}</code>
          </Fact>
        </dl>
      </Panel>
    </div>
  );
}
