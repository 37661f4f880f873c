/** The filter of the audit log, kept in the URL. */
import type { ListAuditData } from '#/client';
import { eventsOf, GROUPS, type Group } from './sentence';

const HOUR_MS = 3_600_000;

/** The periods, with their labels and lengths. */
export const PERIODS = {
  day: ['Last 24 hours', 24 * HOUR_MS],
  week: ['Last 7 days', 7 * 24 * HOUR_MS],
  month: ['Last 30 days', 30 * 24 * HOUR_MS],
} as const satisfies Record<string, readonly [string, number]>;

/** A period. */
export type Period = keyof typeof PERIODS;

/** A filter; a missing field matches everything. */
export interface AuditFilter {
  /** `user`, `agent`, `gateway`, `operator`, `user:ID`, or `agent:ID`. */
  who?: string;
  group?: Group;
  period?: Period;
}

/** Reads a filter from URL parameters, ignoring invalid ones. */
export function readFilter({ who, group, period }: Record<string, unknown>): AuditFilter {
  const filter: AuditFilter = {};
  if (typeof who === 'string' && /^(gateway|operator|(user|agent)(:[1-9]\d{0,14})?)$/.test(who)) {
    filter.who = who;
  }
  if (typeof group === 'string' && Object.hasOwn(GROUPS, group)) filter.group = group as Group;
  if (typeof period === 'string' && Object.hasOwn(PERIODS, period)) {
    filter.period = period as Period;
  }
  return filter;
}

/** Returns the filter as the API takes it. `now` is rounded to an hour, so that the query stays the same. */
export function queryOf(
  { who, group, period }: AuditFilter,
  now: number,
): NonNullable<ListAuditData['query']> {
  const hour = Math.floor(now / HOUR_MS) * HOUR_MS;
  return {
    ...(who && { actor: who }),
    event: group ? eventsOf(group) : [],
    ...(period && { from: new Date(hour - PERIODS[period][1]).toISOString() }),
  };
}
