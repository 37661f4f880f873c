/** The object of an audit entry, linked to its page. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { headline } from '#/action/headline';
import { type AuditEntry, getApproval } from '#/client';
import { AgentActor, UserActor } from '#/names/Actor';
import { AgentLink, ServiceLink } from '#/names/Links';
import { Cut } from '#/text/Cut';
import { Visible } from '#/text/Visible';
import { useHasBeenNear } from '#/ui/useHasBeenNear';

/** Longer titles are cut. */
const TITLE_CHARACTERS = 120;

/** Shows what an entry happened to. */
export function Subject({ entry }: { entry: AuditEntry }) {
  const [kind = '', id = ''] = entry.subject.split(':');
  switch (kind) {
    case 'action':
      return <ActionSubject id={id} actor={entry.actor} />;
    case 'agent':
      return (
        <>
          agent <AgentLink id={Number(id)} />
        </>
      );
    case 'service':
      return (
        <>
          service <ServiceLink id={Number(id)} />
        </>
      );
    case 'rule':
      return <RuleSubject id={Number(id)} entry={entry} />;
    case 'channel':
      return <ChannelSubject id={Number(id)} entry={entry} />;
    case 'request':
      return <RequestSubject entry={entry} />;
    case 'user':
      return <UserActor id={Number(id)} name={null} />;
    default:
      return <Visible text={entry.subject} />;
  }
}

/** Shows the service that an entry's detail names. */
export function DetailService({ entry }: { entry: AuditEntry }) {
  const { service } = entry.detail;
  return typeof service === 'number' ? <ServiceLink id={service} /> : 'a service';
}

/**
 * A held request: what it would do, to what, and who requested it, unless that is the actor. Fetched
 * when the entry comes into view, and once: decisions do not change what is shown of it.
 */
function ActionSubject({ id, actor }: { id: string; actor: string }) {
  const [element, hasBeenNear] = useHasBeenNear<HTMLSpanElement>();
  const { data: action } = useQuery({
    queryKey: ['subject', id],
    queryFn: async ({ signal }) => {
      const options = { path: { action_id: id }, query: { preview: true } };
      return (await getApproval({ ...options, signal, throwOnError: true })).data;
    },
    enabled: hasBeenNear,
    staleTime: 'static',
  });
  return (
    <span ref={element}>
      <Link to="/" search={{ action: id }} className="underline">
        {action ? (
          <Cut text={headline(action)} length={TITLE_CHARACTERS} />
        ) : (
          `request ${id.slice(0, 8)}`
        )}
      </Link>
      {action && (
        <>
          {' '}
          at <ServiceLink id={action.service_id} />
        </>
      )}
      {action && actor !== `agent:${action.agent_id}` && (
        <>
          , requested by <AgentActor id={action.agent_id} />
        </>
      )}
    </span>
  );
}

/** A rule: deleted ones have no name. */
function RuleSubject({ id, entry }: { id: number; entry: AuditEntry }) {
  const { name } = entry.detail;
  return (
    <>
      rule{' '}
      <Link to="/rules/$id" params={{ id }} className="underline">
        {typeof name === 'string' ? <Visible text={name} /> : id}
      </Link>
    </>
  );
}

/** A channel: deleted ones have no name. */
function ChannelSubject({ id, entry }: { id: number; entry: AuditEntry }) {
  const { name } = entry.detail;
  return (
    <>
      channel{' '}
      <Link to="/channels/$id" params={{ id }} className="underline">
        {typeof name === 'string' ? <Visible text={name} /> : id}
      </Link>
    </>
  );
}

/** A request that was not held. Its entry covers the row of the ledger, which has a page. */
function RequestSubject({ entry }: { entry: AuditEntry }) {
  const { method, service_id: service } = entry.detail;
  const id = ledgerId(entry);
  const text = typeof method === 'string' ? `${method} request` : 'request';
  return (
    <>
      a{' '}
      {id === null ? (
        text
      ) : (
        <Link to="/history/$id" params={{ id: String(id) }} className="underline">
          {text}
        </Link>
      )}
      {typeof service === 'number' && (
        <>
          {' '}
          to <ServiceLink id={service} />
        </>
      )}
    </>
  );
}

/** Returns the id of the ledger entry that an audit entry covers. */
function ledgerId({ covers }: Pick<AuditEntry, 'covers'>): number | null {
  const { request, ends } = (covers ?? {}) as {
    request?: { id?: unknown };
    ends?: ReadonlyArray<{ id?: unknown }>;
  };
  const id = request?.id ?? (ends?.length === 1 ? ends[0]?.id : undefined);
  return typeof id === 'number' ? id : null;
}
