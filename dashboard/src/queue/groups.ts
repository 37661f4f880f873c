/** Groups of similar requests: the same agent, the same operation, and the same fields. */
import { bodyValues } from '#/action/requestValues';
import type { Action } from '#/client';
import { splitTarget } from '#/text/target';

/** Similar requests. */
export interface Group {
  key: string;
  actions: Action[];
}

/** Groups requests, in the order of the first of each group. */
export function groupsOf(actions: readonly Action[]): Group[] {
  const groups = new Map<string, Group>();
  for (const action of actions) {
    const key = keyOf(action);
    const group = groups.get(key);
    if (group) group.actions.push(action);
    else groups.set(key, { key, actions: [action] });
  }
  return [...groups.values()];
}

/** Caches keys by action: thousands are grouped at each change. */
const cache = new WeakMap<Action, string>();

/** Returns the key of a request's group. */
export function keyOf(action: Action): string {
  const known = cache.get(action);
  if (known !== undefined) return known;
  const { query } = splitTarget(action.target_url);
  const key = JSON.stringify([
    action.agent_id,
    action.service_id,
    action.method,
    action.operation?.id ?? pathShape(action),
    query.map(({ decoded }) => decoded.split('=', 1)[0]),
    fieldsOf(action),
  ]);
  cache.set(action, key);
  return key;
}

/** Returns a path without the names and numbers that differ from request to request. */
function pathShape(action: Action): string {
  const names = new Set(
    action.summary?.facts
      .filter(({ location }) => location === 'path')
      // Files in one folder are similar.
      .map(({ value }) => value.slice(value.lastIndexOf('/') + 1)),
  );
  return splitTarget(action.target_url)
    .path.split('/')
    .map((part) => (/\d/.test(part) || names.has(part) ? '*' : part))
    .join('/');
}

/** Returns the fields of a body without their indices, each once. */
function fieldsOf(action: Action): string[] {
  if (action.body_truncated) return ['truncated'];
  const fields = bodyValues(action).map(({ pointer }) => pointer.replace(/\/\d+(?=\/|$)/g, '/*'));
  const found = [...new Set(fields)].sort();
  return found.length > 0 || action.request_body === '' ? found : [action.body_encoding];
}
