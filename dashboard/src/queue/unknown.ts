/** Requests that may or may not have been executed. */
import { useQuery } from '@tanstack/react-query';
import type { Action } from '#/client';
import { listApprovalsOptions } from '#/client/@tanstack/react-query.gen';

/** The number of listed requests; a plus sign marks that there are more. */
const LISTED_MAX = 50;

/** Returns the requests that a human has to resolve, and whether there are more. */
export function useUnknownOutcomes(): { actions: Action[]; hasMore: boolean } {
  const { data } = useQuery(
    listApprovalsOptions({ query: { status: 'INDETERMINATE', limit: LISTED_MAX } }),
  );
  return { actions: data?.items ?? [], hasMore: (data?.next_cursor ?? null) !== null };
}
