/** How often a rule matched recently. */
import type { RuleHits } from '#/client';
import { counted } from '#/text/count';
import { timeAgo } from '#/text/time';
import { useNow } from '#/ui/now';

/** Shows the number of matches, their period, and the last match. */
export function Hits({ hits }: { hits: RuleHits }) {
  const now = useNow();
  const days = `since ${new Date(hits.since).toLocaleDateString(undefined, { month: 'short', day: 'numeric', timeZone: 'UTC' })}`;
  if (hits.last_at === null) return `no matches ${days}`;
  return `matched ${counted(hits.count, 'request')} ${days}, last ${timeAgo(hits.last_at, now)}`;
}
