import { useInfiniteQuery } from '@tanstack/react-query';
import { createFileRoute, useNavigate } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';
import { AuditList } from '#/audit/AuditList';
import { AuditTools } from '#/audit/AuditTools';
import { FilterBar } from '#/audit/FilterBar';
import { type AuditFilter, queryOf, readFilter } from '#/audit/filter';
import { listAuditInfiniteOptions } from '#/client/@tanstack/react-query.gen';
import { Empty } from '#/ui/Empty';
import { nextCursor, Pages } from '#/ui/Pages';
import { PageTitle } from '#/ui/PageTitle';

export const Route = createFileRoute('/_app/audit')({
  validateSearch: readFilter,
  component: Audit,
});

function Audit() {
  const filter = Route.useSearch();
  const navigate = useNavigate();
  const change = useCallback(
    (search: AuditFilter) => navigate({ to: '/audit', search, replace: true }),
    [navigate],
  );
  const query = useMemo(() => queryOf(filter, Date.now()), [filter]);
  const entries = useInfiniteQuery({
    ...listAuditInfiniteOptions({ query }),
    initialPageParam: { query },
    getNextPageParam: nextCursor,
  });
  const isFiltered = Object.keys(filter).length > 0;
  return (
    <>
      <PageTitle>Audit</PageTitle>
      <p className="mb-3 max-w-prose text-sm text-soft">
        Who did what. Each entry contains the hash of the previous one, so changes and deletions are
        detected.
      </p>
      <AuditTools />
      <FilterBar filter={filter} onChange={change} />
      <Pages
        query={entries}
        empty={<Empty title={isFiltered ? 'No entries match' : 'No entries yet'} />}
      >
        {(items) => <AuditList entries={items} />}
      </Pages>
    </>
  );
}
