/** The details of a held request. */
import type { Action, ActionStatus } from '#/client';
import { dateTime } from '#/text/time';
import { Visible } from '#/text/Visible';
import { Badge } from '#/ui/Badge';
import { Fact } from '#/ui/Fact';
import { Panel } from '#/ui/Panel';
import { Body } from './Body';
import { Documentation } from './Documentation';
import { ExactRequest, Headers } from './ExactRequest';
import { Intent } from './Intent';
import { Provenance } from './Provenance';
import { RecentRequests } from './RecentRequests';
import { RiskBadge } from './RiskBadge';

const TO_SEND = 'Exact request';
const NOT_SENT = 'Exact request (not sent)';
const SENT = 'Exact request (sent)';

const SENT_TITLES: Record<ActionStatus, string> = {
  PENDING: TO_SEND,
  APPROVED: TO_SEND,
  DENIED: NOT_SENT,
  REVOKED: NOT_SENT,
  EXPIRED: NOT_SENT,
  EXECUTING: SENT,
  EXECUTED: SENT,
  INDETERMINATE: 'Exact request (may have been sent)',
};

/** Shows everything known about an action, without the controls to decide on it. */
export function ActionDetail({ action }: { action: Action }) {
  return (
    <div className="space-y-4">
      <Panel title="Why it was held" actions={<RiskBadge score={action.risk_score} />}>
        <p className="text-sm">
          <Visible text={action.risk_explanation} />
        </p>
        {action.signals.length > 0 && (
          <ul className="mt-2 space-y-1 text-sm">
            {action.signals.map((signal) => (
              <li key={`${signal.code} ${signal.evidence}`} className="flex gap-2">
                <span className="shrink-0 font-mono text-soft">
                  {signal.weight > 0 ? '+' : ''}
                  {signal.weight.toFixed(2)}
                </span>
                <span className="min-w-0">
                  <Visible text={signal.sentence} />
                  {signal.evidence !== '' && (
                    <span className="block text-soft">
                      <Visible text={signal.evidence} />
                    </span>
                  )}
                </span>
              </li>
            ))}
          </ul>
        )}
        {action.matched_rules.length > 0 && (
          <p className="mt-2 text-sm">
            Matched rules:{' '}
            {action.matched_rules.map(({ id, name, effect }) => (
              <span key={id} className="mr-2">
                <Visible text={name} /> <Badge>{effect.replace('_', ' ')}</Badge>
              </span>
            ))}
          </p>
        )}
      </Panel>
      <Provenance action={action} />
      <Documentation action={action} />
      <Panel title={SENT_TITLES[action.status]}>
        <ExactRequest action={action} />
      </Panel>
      <Panel title="The agent says">
        <Intent action={action} />
        <p className="mt-2 text-sm text-soft">Unverified: written by the agent.</p>
      </Panel>
      {action.result && (
        <Panel title={`Response from the service: ${action.result.status}`}>
          <div className="space-y-3">
            <Headers headers={action.result.headers} />
            <Body body={action.result.body} encoding={action.result.body_encoding} />
            {action.result.truncated && (
              <p className="text-sm text-warn">
                The response was truncated: only its beginning was stored.
              </p>
            )}
          </div>
        </Panel>
      )}
      <Panel title="Details">
        <dl className="space-y-1">
          <Fact name="Agent">
            <Visible text={action.agent_name} />
          </Fact>
          <Fact name="Service">
            <Visible text={action.service_name} />
          </Fact>
          {action.operation && (
            <Fact name="Operation">
              <Visible text={action.operation.id} />{' '}
              {action.operation.deprecated && <Badge tone="warn">Deprecated</Badge>}
            </Fact>
          )}
          <Fact name="Requested">{dateTime(action.created_at)}</Fact>
          {action.expires_at && <Fact name="Expires">{dateTime(action.expires_at)}</Fact>}
          {action.resolved_at && action.status !== 'INDETERMINATE' && (
            <Fact name="Resolved">{dateTime(action.resolved_at)}</Fact>
          )}
          {action.note && (
            <Fact name="Note">
              <Visible text={action.note} />
            </Fact>
          )}
          <Fact name="Digest">
            <code className="text-xs break-all">{action.digest}</code>
          </Fact>
        </dl>
      </Panel>
      <RecentRequests agentId={action.agent_id} />
    </div>
  );
}
