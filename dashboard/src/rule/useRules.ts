/** All rules of the workspace. */
import { useInfiniteQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { Rule } from '#/client';
import { listRulesInfiniteOptions } from '#/client/@tanstack/react-query.gen';
import { nextCursor } from '#/ui/Pages';

/** The number of rules in one page; all pages are fetched. */
const PAGE_RULES = 200;

/** Returns the rules fetched so far, and fetches the others. */
export function useRules(): Rule[] {
  const { data, hasNextPage, isFetching, isError, fetchNextPage } = useInfiniteQuery({
    ...listRulesInfiniteOptions({ query: { limit: PAGE_RULES } }),
    initialPageParam: {},
    getNextPageParam: nextCursor,
  });
  useEffect(() => {
    if (hasNextPage && !isFetching && !isError) void fetchNextPage();
  }, [hasNextPage, isFetching, isError, fetchNextPage]);
  return data?.pages.flatMap(({ items }) => items) ?? [];
}
