import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { createFileRoute } from '@tanstack/react-router';
import { AuditList } from '#/audit/AuditList';
import { AuditTools } from '#/audit/AuditTools';
import { listAuditInfiniteOptions, meOptions } from '#/client/@tanstack/react-query.gen';
import { useNames } from '#/request/useNames';
import { Empty } from '#/ui/Empty';
import { nextCursor, Pages } from '#/ui/Pages';
import { PageTitle } from '#/ui/parts';

export const Route = createFileRoute('/_app/audit')({ component: Audit });

function Audit() {
  const entries = useInfiniteQuery({
    ...listAuditInfiniteOptions(),
    initialPageParam: {},
    getNextPageParam: nextCursor,
  });
  const { agents } = useNames();
  const { data: me } = useQuery(meOptions());
  const nameOf = (actor: string) => {
    const [kind, id] = actor.split(':');
    if (kind === 'agent') return agents.of(Number(id));
    if (kind === 'user') return Number(id) === me?.id ? 'you' : `user ${id}`;
    return actor === 'operator' ? 'the operator' : `the ${actor}`;
  };
  return (
    <>
      <PageTitle>Audit</PageTitle>
      <p className="mb-3 max-w-prose text-sm text-soft">
        Who did what. Each entry carries the hash of the one before it, so none can be changed or
        removed without showing.
      </p>
      <AuditTools />
      <Pages query={entries} empty={<Empty title="Nothing has happened yet" />}>
        {(items) => <AuditList entries={items} nameOf={nameOf} />}
      </Pages>
    </>
  );
}
