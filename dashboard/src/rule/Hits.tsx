/** How often a rule matched recently. */
import type { Rule } from '#/client';
import { counted } from '#/text/count';
import { timeAgo } from '#/text/time';
import { useNow } from '#/ui/now';

const DAY_MS = 86_400_000;

/** Shows the number of matches, their period, and the last match. */
export function Hits({ rule: { hits, created_at: created } }: { rule: Rule }) {
  const now = useNow();
  const period = periodOf(hits.since, created, now);
  if (hits.last_at === null) return `no matches ${period}`;
  return `matched ${counted(hits.count, 'request')} ${period}, last ${timeAgo(hits.last_at, now)}`;
}

/** Returns the period that is counted: it does not begin before the rule was created. */
export function periodOf(since: string, created: string, now: number): string {
  if (Date.parse(created) > Date.parse(since)) return 'since it was created';
  return `in ${counted(Math.round((now - Date.parse(since)) / DAY_MS), 'day')}`;
}
