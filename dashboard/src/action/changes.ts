/** How a request differs from an earlier one. */
import type { Action } from '#/client';
import { bodyValues } from './requestValues';

/** A value that differs; null where it is missing. */
export interface Change {
  place: string;
  from: string | null;
  to: string | null;
}

/** Returns the differences of method, URL, and values in the body, in the order of the newer request. */
export function changesSince(before: Action, after: Action): Change[] {
  const values = (action: Action) =>
    new Map<string, string>([
      ['method', action.method],
      ['URL', action.target_url],
      ...bodyValues(action).map(({ pointer, value }) => [pointer, value] as const),
    ]);
  const [older, newer] = [values(before), values(after)];
  const places = [...new Set([...newer.keys(), ...older.keys()])];
  const changes = places
    .map((place) => ({ place, from: older.get(place) ?? null, to: newer.get(place) ?? null }))
    .filter(({ from, to }) => from !== to);
  if (changes.length > 0 || before.request_body === after.request_body) return changes;
  return [{ place: 'body', from: null, to: 'different' }];
}
