/** The timeline of a request. */

import { UserActor } from '#/names/Actor';
import { dateTime, duration } from '#/text/time';
import { Visible } from '#/text/Visible';
import type { TimelineEvent } from './timeline';

/** Lists events with the time since the previous one. */
export function Timeline({ events }: { events: TimelineEvent[] }) {
  return (
    <ol className="space-y-3 border-l-2 border-line pl-4">
      {events.map(({ at, what, by, byName, note }, index) => {
        const before = events[index - 1]?.at;
        const passed = before ? Date.parse(at) - Date.parse(before) : 0;
        return (
          <li key={`${at} ${what}`} className="relative text-sm">
            <span
              aria-hidden
              className="absolute top-1.5 -left-[1.4rem] size-2.5 rounded-full bg-brand"
            />
            <p className="font-medium">
              {what}
              {by !== null && (
                <>
                  {' '}
                  by <UserActor id={by} name={byName} />
                </>
              )}
            </p>
            <p className="flex flex-wrap justify-between gap-x-3 text-soft">
              <time dateTime={at}>{dateTime(at)}</time>
              {passed > 0 && (
                <span>
                  +{duration(passed)}
                  <span className="sr-only"> later</span>
                </span>
              )}
            </p>
            {note && (
              <p className="mt-0.5">
                Note to the agent: <Visible text={note} />
              </p>
            )}
          </li>
        );
      })}
    </ol>
  );
}
