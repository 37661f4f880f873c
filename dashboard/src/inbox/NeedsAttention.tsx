/** The list of matters for a human, above the pending requests. Each leads to where it is solved. */
import { useQuery } from '@tanstack/react-query';
import { Link, type LinkProps } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { targetOf } from '#/action/card';
import { TARGET_CHARACTERS_MAX } from '#/action/friction';
import { headline } from '#/action/headline';
import { TimeLeft } from '#/action/TimeLeft';
import type { Action, ActionStatus } from '#/client';
import { listApprovalsOptions } from '#/client/@tanstack/react-query.gen';
import { CREDENTIAL, documentAnchor } from '#/service/anchors';
import { Cut } from '#/text/Cut';
import { counted } from '#/text/count';
import { timeAgo } from '#/text/time';
import { Visible } from '#/text/Visible';
import { Badge } from '#/ui/Badge';
import { Button } from '#/ui/Button';
import { useMinute, useNow } from '#/ui/now';
import { DefinitionName } from '#/ui/Unreadable';
import { useAttention } from './inbox';
import { lapsing } from './lapsing';

const TITLE_CHARACTERS = 120;

/** How many requests with one status are fetched, the newest first. */
const FETCHED_MAX = 200;

/** How many items are listed before the user asks for all. */
const SHOWN = 5;
/** The same above pending requests, which must stay on the screen. */
const SHOWN_ABOVE_PENDING = 2;

/** Lists it; renders nothing if there is nothing. */
export function NeedsAttention({
  selectedId,
  hasPending,
}: {
  selectedId: string | undefined;
  /** Whether pending requests are listed below. */
  hasPending: boolean;
}) {
  const attention = useAttention();
  const unknown = useActions('INDETERMINATE', attention.outcome_unknown);
  const approved = useActions('APPROVED', attention.expiring_approvals);
  const minute = useMinute();
  const [isWhole, setIsWhole] = useState(false);
  if (attention.count === 0) return null;
  const expiring = lapsing(approved, attention.expiring_approvals, minute);
  const items = [
    ...unknown.map((action) => (
      <ActionItem
        key={action.action_id}
        kind="Outcome unknown"
        isBad
        action={action}
        isCurrent={action.action_id === selectedId}
      >
        <Visible text={action.agent_name} /> → <Visible text={action.service_name} />
        {action.resolved_at && <Ago at={action.resolved_at} />}. Check the service, then record the
        outcome.
      </ActionItem>
    )),
    ...expiring.map((action) => (
      <ActionItem
        key={action.action_id}
        kind="Approval expires soon"
        action={action}
        isCurrent={action.action_id === selectedId}
      >
        <Visible text={action.agent_name} /> has not executed it.{' '}
        <TimeLeft until={action.expires_at} />.
      </ActionItem>
    )),
    ...attention.refused_credentials.map(({ service_id, service_name, count, last_at }) => (
      <Item
        key={`credential ${service_id}`}
        kind="Credential refused"
        isBad
        link={{ to: '/services/$id', params: { id: service_id }, hash: CREDENTIAL }}
        title={<Visible text={service_name} />}
      >
        401 or 403 in response to {counted(count, 'request')}
        <Ago at={last_at} />. Test or replace the credential.
      </Item>
    )),
    ...attention.failed_renewals.map(({ service_id, service_name, reason, last_at }) => (
      <Item
        key={`renewal ${service_id}`}
        kind="Token renewal failed"
        isBad
        link={{ to: '/services/$id', params: { id: service_id }, hash: CREDENTIAL }}
        title={<Visible text={service_name} />}
      >
        <Visible text={reason} />
        <Ago at={last_at} />. Check the token endpoint, or replace the credential.
      </Item>
    )),
    ...(attention.llm_failing_since === null
      ? []
      : [
          <Item
            key="llm"
            kind="Language model failing"
            isBad
            link={{ to: '/settings' }}
            title="The language model does not respond"
          >
            Requests that need it are held
            <Ago at={attention.llm_failing_since} />. Test the connection in Settings.
          </Item>,
        ]),
    ...attention.unreadable_documents.map(({ id, service_id, service_name, title }) => (
      <Item
        key={`document ${id}`}
        kind="Unreadable document"
        link={{ to: '/services/$id', params: { id: service_id }, hash: documentAnchor(id) }}
        title={<Visible text={title ?? `Document ${id}`} />}
      >
        No operation or text was found in this document of <Visible text={service_name} />. Replace
        or delete it.
      </Item>
    )),
    ...attention.damaged.map(({ noun, id, name }) => (
      <Item
        key={`${noun} ${id}`}
        kind={`Damaged ${noun}`}
        isBad
        link={{ to: `/${noun}s/$id`, params: { id } }}
        title={<DefinitionName noun={noun} id={id} name={name} />}
      >
        The stored data of this {noun} is damaged. Delete or repair it.
      </Item>
    )),
  ];
  const shown = hasPending ? SHOWN_ABOVE_PENDING : SHOWN;
  return (
    <section aria-label="Needs attention" className="rounded-lg border border-hold bg-panel p-2">
      <div className="flex min-h-8 items-center justify-between gap-2 pl-1">
        <h2 className="text-sm font-semibold text-warn">Needs attention ({attention.count})</h2>
        {items.length > shown && (
          <Button
            tone="quiet"
            className="min-h-8 py-0.5"
            aria-expanded={isWhole}
            onClick={() => setIsWhole(!isWhole)}
          >
            {isWhole ? 'Show fewer' : `Show all ${items.length.toLocaleString('en')}`}
          </Button>
        )}
      </div>
      <ul className="mt-1 space-y-1">{isWhole ? items : items.slice(0, shown)}</ul>
      {attention.outcome_unknown > FETCHED_MAX && (
        <Link
          to="/history"
          search={{ status: 'INDETERMINATE' }}
          className="mt-2 block text-sm underline"
        >
          All unknown outcomes
        </Link>
      )}
    </section>
  );
}

function Item({
  kind,
  isBad = false,
  link,
  isCurrent = false,
  title,
  children,
}: {
  kind: string;
  isBad?: boolean;
  link: Pick<LinkProps, 'to' | 'params' | 'search' | 'hash'>;
  isCurrent?: boolean;
  title: ReactNode;
  children: ReactNode;
}) {
  return (
    <li>
      <Link
        {...link}
        aria-current={isCurrent ? 'true' : undefined}
        className="block rounded-md border border-line px-2 py-1.5 text-xs hover:bg-raised aria-[current=true]:border-brand"
      >
        <span className="flex flex-wrap items-center gap-x-2 gap-y-0.5 sm:flex-nowrap">
          <Badge tone={isBad ? 'bad' : 'warn'}>{kind}</Badge>
          <span className="line-clamp-1 min-w-0 text-sm font-semibold break-all">{title}</span>
        </span>
        <span className="mt-0.5 line-clamp-2 text-soft">{children}</span>
      </Link>
    </li>
  );
}

/** An item that opens a request. */
function ActionItem({
  action,
  kind,
  isBad = false,
  isCurrent,
  children,
}: {
  action: Action;
  kind: string;
  isBad?: boolean;
  isCurrent: boolean;
  children: ReactNode;
}) {
  return (
    <Item
      kind={kind}
      isBad={isBad}
      link={{ to: '/', search: (before) => ({ ...before, action: action.action_id }) }}
      isCurrent={isCurrent}
      title={<Cut text={headline(action)} length={TITLE_CHARACTERS} />}
    >
      <span className="font-mono text-ink">
        <strong>{action.method}</strong>{' '}
        <Cut text={targetOf(action)} length={TARGET_CHARACTERS_MAX} />
      </span>
      {' · '}
      {children}
    </Item>
  );
}

function Ago({ at }: { at: string }) {
  return <>, {timeAgo(at, useNow())}</>;
}

/** Returns the requests with a status, which are fetched only if there are any. */
function useActions(status: ActionStatus, count: number): Action[] {
  const { data } = useQuery({
    ...listApprovalsOptions({ query: { status, limit: FETCHED_MAX } }),
    enabled: count > 0,
  });
  return count > 0 ? (data?.items ?? []) : [];
}
