/** The documented operation that a request calls. */
import { useQuery } from '@tanstack/react-query';
import type { Action, Operation } from '#/client';
import { listOperationsOptions } from '#/client/@tanstack/react-query.gen';

/** How long a document's operations are cached. */
const STALE_MS = 60_000;

/** Returns the operation; undefined while it loads or if there is none. */
export function useOperation(action: Action): { operation?: Operation; error: unknown } {
  const id = action.operation?.id ?? '';
  const { data, error } = useQuery({
    ...listOperationsOptions({
      path: { id: action.service_id },
      query: { q: id.slice(0, 200), limit: 20 },
    }),
    enabled: id !== '',
    staleTime: STALE_MS,
  });
  const operation = data?.items.find((one) => one.id === id && one.method === action.method);
  return { ...(operation && { operation }), error };
}
