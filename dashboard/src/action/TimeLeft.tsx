/** A countdown. */
import { timeLeft } from '#/text/time';
import { useNow } from '#/ui/now';

/** Shows the time left until `until`, updated each second. */
export function TimeLeft({ until }: { until: string | null }) {
  return <>{timeLeft(until, useNow())}</>;
}
