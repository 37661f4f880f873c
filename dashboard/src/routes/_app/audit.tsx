import { useInfiniteQuery } from '@tanstack/react-query';
import { createFileRoute } from '@tanstack/react-router';
import { AuditList } from '#/audit/AuditList';
import { AuditTools } from '#/audit/AuditTools';
import { listAuditInfiniteOptions } from '#/client/@tanstack/react-query.gen';
import { Empty } from '#/ui/Empty';
import { nextCursor, Pages } from '#/ui/Pages';
import { PageTitle } from '#/ui/PageTitle';

export const Route = createFileRoute('/_app/audit')({ component: Audit });

function Audit() {
  const entries = useInfiniteQuery({
    ...listAuditInfiniteOptions(),
    initialPageParam: {},
    getNextPageParam: nextCursor,
  });
  return (
    <>
      <PageTitle>Audit</PageTitle>
      <p className="mb-3 max-w-prose text-sm text-soft">
        Who did what. Each entry contains the hash of the previous one, so changes and deletions are
        detected.
      </p>
      <AuditTools />
      <Pages query={entries} empty={<Empty title="No entries yet" />}>
        {(items) => <AuditList entries={items} />}
      </Pages>
    </>
  );
}
