/** Requests of which nobody knows whether the service carried them out. */
import { useQuery } from '@tanstack/react-query';
import type { Action } from '#/client';
import { listApprovalsOptions } from '#/client/@tanstack/react-query.gen';

/** So many are listed; more are counted with a plus. */
const LISTED_MAX = 50;

/** Those that a human has to resolve, and whether there are more. */
export function useUnknownOutcomes(): { actions: Action[]; hasMore: boolean } {
  const { data } = useQuery(
    listApprovalsOptions({ query: { status: 'INDETERMINATE', limit: LISTED_MAX } }),
  );
  return { actions: data?.items ?? [], hasMore: (data?.next_cursor ?? null) !== null };
}
