/** The details of a held request. */
import { Link } from '@tanstack/react-router';
import { ChevronDown, ChevronRight } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import type { Action, ActionStatus, Signal } from '#/client';
import { dateTime } from '#/text/time';
import { Visible } from '#/text/Visible';
import { Badge } from '#/ui/Badge';
import { Fact } from '#/ui/Fact';
import { Panel } from '#/ui/Panel';
import { Body, type Marked } from './Body';
import { cardOf } from './card';
import { ExactRequest, Headers } from './ExactRequest';
import { KeyFacts, OtherValues } from './KeyFacts';
import { Provenance } from './Provenance';
import { RecentRequests } from './RecentRequests';
import { WhyScore } from './WhyScore';

/** Only requests to documented operations need it. */
const Documentation = lazy(() =>
  import('./Documentation').then(({ Documentation }) => ({ default: Documentation })),
);

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

/**
 * Shows everything known about an action, without the controls to decide on it: the facts first, the
 * agent's words last of them, then the exact request.
 */
export function ActionDetail({ action }: { action: Action }) {
  // A request that the facts show completely is folded; any other is open.
  const [isOpen, setIsOpen] = useState(action.status !== 'PENDING' || !cardOf(action).isComplete);
  const [marked, setMarked] = useState<Marked | null>(null);
  const mark = (signal: Signal) => {
    setIsOpen(true);
    setMarked((before) => ({ signal, count: (before?.count ?? 0) + 1 }));
  };
  return (
    <div className="space-y-4">
      <KeyFacts action={action} onMark={mark} />
      <OtherValues action={action} />
      <section className="min-w-0 rounded-lg border border-line bg-panel p-4">
        <h2 className="text-base">
          <button
            type="button"
            aria-expanded={isOpen}
            onClick={() => setIsOpen(!isOpen)}
            className="-m-2 flex w-full flex-wrap items-center gap-x-2 rounded-md p-2 text-left hover:bg-raised"
          >
            {isOpen ? (
              <ChevronDown aria-hidden className="size-4" />
            ) : (
              <ChevronRight aria-hidden className="size-4" />
            )}
            <span className="font-semibold">{SENT_TITLES[action.status]}</span>
            <span className="text-sm text-soft">
              {action.method} · {action.body_size.toLocaleString('en')} bytes
              {cardOf(action).isComplete && ' · all shown above'}
            </span>
          </button>
        </h2>
        {isOpen && (
          <div className="mt-3">
            <ExactRequest action={action} marked={marked} />
          </div>
        )}
      </section>
      <WhyScore action={action} onMark={mark} />
      <Provenance action={action} />
      {action.operation && (
        <Suspense>
          <Documentation action={action} />
        </Suspense>
      )}
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
            <Link
              to="/agents/$id"
              params={{ id: action.agent_id }}
              className="underline hover:no-underline"
            >
              <Visible text={action.agent_name} />
            </Link>
          </Fact>
          <Fact name="Service">
            <Link
              to="/services/$id"
              params={{ id: action.service_id }}
              className="underline hover:no-underline"
            >
              <Visible text={action.service_name} />
            </Link>
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
      <RecentRequests agentId={action.agent_id} exceptAction={action.action_id} />
    </div>
  );
}
