import { useInfiniteQuery } from '@tanstack/react-query';
import { createFileRoute, useNavigate } from '@tanstack/react-router';
import { useCallback } from 'react';
import { listRequestsInfiniteOptions } from '#/client/@tanstack/react-query.gen';
import { FilterBar } from '#/request/FilterBar';
import { queryOf, type RequestFilter, readFilter } from '#/request/filter';
import { RequestList } from '#/request/RequestList';
import { Empty } from '#/ui/Empty';
import { nextCursor, Pages } from '#/ui/Pages';
import { PageTitle } from '#/ui/PageTitle';

export const Route = createFileRoute('/_app/history/')({
  validateSearch: readFilter,
  component: History,
});

function History() {
  const filter = Route.useSearch();
  const navigate = useNavigate();
  const change = useCallback(
    (search: RequestFilter) => navigate({ to: '/history', search, replace: true }),
    [navigate],
  );
  const requests = useInfiniteQuery({
    ...listRequestsInfiniteOptions({ query: queryOf(filter) }),
    initialPageParam: {},
    getNextPageParam: nextCursor,
  });
  const isFiltered = Object.keys(filter).length > 0;
  return (
    <>
      <PageTitle>History</PageTitle>
      <FilterBar filter={filter} onChange={change} />
      <Pages
        query={requests}
        empty={
          isFiltered ? (
            <Empty title="No requests match" />
          ) : (
            <Empty title="No requests yet">New requests appear here automatically.</Empty>
          )
        }
      >
        {(entries) => <RequestList entries={entries} filter={filter} />}
      </Pages>
    </>
  );
}
