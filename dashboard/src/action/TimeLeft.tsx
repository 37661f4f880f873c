/** A countdown. */
import { timeLeft } from '#/text/time';
import { useClock } from '#/ui/now';

/** Shows the time left until `until`. */
export function TimeLeft({ until }: { until: string | null }) {
  return <>{useClock((now) => timeLeft(until, now))}</>;
}
