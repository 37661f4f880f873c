/** How often rules matched lately. */
import { useQuery } from '@tanstack/react-query';
import { listRequestsOptions } from '#/client/@tanstack/react-query.gen';

/** As many requests as one page of the record holds. */
const REQUESTS_COUNTED = 200;

/** For each rule, how many of the latest requests it matched; and how many were looked at. */
export function useHits(): { hits: ReadonlyMap<number, number>; of: number } | null {
  const { data } = useQuery(listRequestsOptions({ query: { limit: REQUESTS_COUNTED } }));
  if (!data) return null;
  const hits = new Map<number, number>();
  for (const { matched_rules } of data.items) {
    for (const { id } of matched_rules) hits.set(id, (hits.get(id) ?? 0) + 1);
  }
  return { hits, of: data.items.length };
}
