/** The names in the documents of a service, or of all services. */
import { useQueries, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { ListOperationsResponse, Operation } from '#/client';
import { listOperationsOptions } from '#/client/@tanstack/react-query.gen';
import { useNames } from '#/names/useNames';
import { type Documented, documented } from './vocabulary';

/** The number of operations of a service that are read. */
const OPERATIONS_READ = 200;
/** The number of services whose operations are read when a rule is for any service. */
const SERVICES_READ = 20;
/** How long a document's operations are cached. */
const STALE_MS = 60_000;

/** Names for conditions. */
export interface Vocabulary {
  known: Documented;
  operations: readonly Operation[];
  /** Whether some operations were not read. */
  isPartial: boolean;
}

/** Its identity is constant, so that the result is computed only when a list changes. */
function combined(results: ReadonlyArray<{ data: ListOperationsResponse | undefined }>) {
  return {
    operations: results.flatMap(({ data }) => data?.items ?? []),
    isPartial: results.some(({ data }) => !data || data.next_cursor !== null),
  };
}

/**
 * Returns what is documented. `operationId` is looked up even if its service has more operations than
 * are read.
 */
export function useDocumented(serviceId: number | null, operationId: string | null): Vocabulary {
  const { services, agents } = useNames();
  const all = services.all.map(({ id }) => id);
  const ids = serviceId === null ? all.slice(0, SERVICES_READ) : [serviceId];
  const lists = useQueries({
    queries: ids.map((id) => ({
      ...listOperationsOptions({ path: { id }, query: { limit: OPERATIONS_READ } }),
      staleTime: STALE_MS,
    })),
    combine: combined,
  });
  const isListed = lists.operations.some(({ id }) => id === operationId);
  const search = useQuery({
    ...listOperationsOptions({
      path: { id: serviceId ?? 0 },
      query: { q: operationId?.slice(0, 200) ?? '', limit: OPERATIONS_READ },
    }),
    enabled: serviceId !== null && operationId !== null && operationId !== '' && !isListed,
    staleTime: STALE_MS,
  });
  const found = search.data?.items;
  const operations = useMemo(
    () => (isListed || !found ? lists.operations : [...lists.operations, ...found]),
    [lists.operations, isListed, found],
  );
  const known = useMemo(
    () => ({
      ...documented(operations),
      services: services.all.map(({ name }) => name),
      agents: agents.all.map(({ name }) => name),
    }),
    [operations, services.all, agents.all],
  );
  return {
    known,
    operations,
    isPartial: lists.isPartial || (serviceId === null && all.length > SERVICES_READ),
  };
}
