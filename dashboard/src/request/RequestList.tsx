/** A list of decided requests. */
import { Link } from '@tanstack/react-router';
import { EffectTag } from '#/action/EffectTag';
import { headline } from '#/action/headline';
import { ShortIntent } from '#/action/Intent';
import { outcomeOf, statusTone } from '#/action/outcome';
import { ProgramLabel } from '#/action/ProgramLabel';
import { RiskBadge } from '#/action/RiskBadge';
import type { RequestEntry } from '#/client';
import { UserActor } from '#/names/Actor';
import { useNames } from '#/names/useNames';
import { splitTarget } from '#/text/target';
import { dateMinute, dateTime, timeAgo } from '#/text/time';
import { Visible } from '#/text/Visible';
import { Badge } from '#/ui/Badge';
import { useNow } from '#/ui/now';
import type { RequestFilter } from './filter';

declare module '@tanstack/react-router' {
  interface HistoryState {
    /** The filter of the list that a request was opened from. */
    filter?: RequestFilter;
  }
}

/** Lists requests, newest first, each linked to its page. The page leads back to the filtered list. */
export function RequestList({
  entries,
  filter,
}: {
  entries: RequestEntry[];
  filter: RequestFilter;
}) {
  const { agents, services } = useNames();
  const now = useNow();
  return (
    <ul
      aria-label="Decided requests"
      className="divide-y divide-line rounded-lg border border-line bg-panel"
    >
      {entries.map((entry) => {
        const outcome = outcomeOf(entry);
        const title = headline(entry);
        const line = `${entry.method} ${splitTarget(entry.target_url).path}`;
        return (
          <li
            key={entry.id}
            className="[contain-intrinsic-size:auto_6rem] [content-visibility:auto]"
          >
            <Link
              to="/history/$id"
              params={{ id: String(entry.id) }}
              state={{ filter }}
              className="grid gap-x-4 gap-y-1 px-3 py-2.5 hover:bg-raised lg:grid-cols-[minmax(0,1fr)_minmax(0,12rem)_20rem] lg:items-start"
            >
              <span className="min-w-0">
                <span className="line-clamp-2 text-sm font-semibold">
                  <Visible text={title} />
                </span>
                {title !== line && (
                  <span className="line-clamp-1 font-mono text-[0.8rem]">
                    <Visible text={line} />
                  </span>
                )}
                {entry.intent === '' ? (
                  <span className="text-sm text-soft">No intent given</span>
                ) : (
                  <ShortIntent
                    action={{ intent: entry.intent, agent_name: agents.of(entry.agent_id) }}
                  />
                )}
              </span>
              <span className="flex min-w-0 gap-x-1 text-sm lg:block">
                <span className="line-clamp-1">
                  <Visible text={agents.of(entry.agent_id)} />
                  <ProgramLabel label={entry.label} />
                </span>
                <span className="line-clamp-1 text-soft">
                  → <Visible text={services.of(entry.service_id)} />
                </span>
              </span>
              <span className="flex flex-wrap items-center gap-1.5 lg:justify-end">
                <Badge tone={outcome.tone}>{outcome.word}</Badge>
                {entry.upstream_status !== null && (
                  <Badge tone={statusTone(entry.upstream_status)}>{entry.upstream_status}</Badge>
                )}
                <EffectTag effect={entry.effect} />
                <RiskBadge score={entry.risk_score} />
                <time
                  dateTime={entry.created_at}
                  title={dateTime(entry.created_at)}
                  className="text-xs text-soft lg:w-full lg:text-right"
                >
                  {dateMinute(entry.created_at)} · {timeAgo(entry.created_at, now)}
                </time>
                {entry.decided_by !== null && (
                  <span className="min-w-0 text-xs text-soft lg:w-full lg:text-right">
                    by <UserActor id={entry.decided_by} name={entry.decided_by_name} />
                  </span>
                )}
              </span>
            </Link>
          </li>
        );
      })}
    </ul>
  );
}
