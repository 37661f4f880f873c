import { useInfiniteQuery } from '@tanstack/react-query';
import { createFileRoute, useNavigate } from '@tanstack/react-router';
import { useCallback, useEffect, useMemo } from 'react';
import { AuditList } from '#/audit/AuditList';
import { AuditTools } from '#/audit/AuditTools';
import { FilterBar } from '#/audit/FilterBar';
import { type AuditFilter, queryOf, readFilter } from '#/audit/filter';
import { rowsOf } from '#/audit/rows';
import { listAuditInfiniteOptions } from '#/client/@tanstack/react-query.gen';
import { Empty } from '#/ui/Empty';
import { nextCursor, Pages } from '#/ui/Pages';
import { PageTitle } from '#/ui/PageTitle';

/** Pages are fetched until this many rows are shown: about as many as fit on a screen. */
const FILLED_ROWS = 15;

/** The most pages that are fetched for that. */
const FILLED_PAGES_MAX = 5;

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
  // Entries that are folded into one row would leave a page of hardly any rows.
  const { data, hasNextPage, isFetching, isError, fetchNextPage } = entries;
  const isShort =
    data !== undefined &&
    data.pages.length < FILLED_PAGES_MAX &&
    rowsOf(data.pages.flatMap(({ items }) => items)).length < FILLED_ROWS;
  useEffect(() => {
    if (isShort && hasNextPage && !isFetching && !isError) void fetchNextPage();
  }, [isShort, hasNextPage, isFetching, isError, fetchNextPage]);
  const isFiltered = Object.keys(filter).length > 0;
  return (
    <>
      <PageTitle>Audit</PageTitle>
      <p className="mb-3 max-w-prose text-sm text-soft">
        Who did what. Each entry contains the hash of the previous one, so changes and deletions can
        be detected.
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
