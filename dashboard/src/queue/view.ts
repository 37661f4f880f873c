/** Which pending requests the queue shows, and in which order. */
import { EFFECTS, effectOf, isEffect } from '#/action/effect';
import { headline } from '#/action/headline';
import { bodyValues } from '#/action/requestValues';
import type { Action, OperationEffect } from '#/client';

/** The orders; without one, the oldest request comes first. */
export const SORTS = ['expiry', 'risk'] as const;

/** An order. */
export type Sort = (typeof SORTS)[number];

/** A view of the queue, as in the URL. */
export interface View {
  /** The text that is searched for. */
  q?: string | undefined;
  /** The id of an agent. */
  agent?: number | undefined;
  /** The id of a service. */
  service?: number | undefined;
  effect?: OperationEffect | undefined;
  sort?: Sort | undefined;
  /** Whether similar requests are one entry. */
  grouped?: true | undefined;
  /** Whether the selected or similar requests are shown as a table. */
  table?: true | undefined;
}

/** Returns the view in a URL; whatever is not a view is left out. */
export function viewOf(search: Record<string, unknown>): View {
  const { q, agent, service, effect, sort, grouped, table } = search;
  const view: View = {};
  if (q !== undefined && q !== '') view.q = typeof q === 'string' ? q : JSON.stringify(q);
  if (Number.isInteger(agent)) view.agent = agent as number;
  if (Number.isInteger(service)) view.service = service as number;
  if (typeof effect === 'string' && isEffect(effect)) view.effect = effect;
  const known = SORTS.find((one) => one === sort);
  if (known) view.sort = known;
  if (grouped === true) view.grouped = true;
  if (table === true) view.table = true;
  return view;
}

/** Returns whether a view leaves requests out. */
export function isNarrowed({ q, agent, service, effect }: View): boolean {
  return q !== undefined || agent !== undefined || service !== undefined || effect !== undefined;
}

/** Returns the requests of a view in its order. */
export function shownIn(all: readonly Action[], view: View): Action[] {
  const pattern = view.q?.trim().toLowerCase() ?? '';
  const shown = all.filter(
    (action) =>
      (view.agent === undefined || action.agent_id === view.agent) &&
      (view.service === undefined || action.service_id === view.service) &&
      (view.effect === undefined || effectOf(action) === view.effect) &&
      (pattern === '' || searchedText(action).includes(pattern)),
  );
  if (view.sort === 'expiry') shown.sort((a, b) => expiry(a) - expiry(b));
  if (view.sort === 'risk') shown.sort((a, b) => b.risk_score - a.risk_score);
  return shown;
}

/** The part of the time to decide that counts as its end. */
const SOON = 0.1;

/** Returns whether little of the time to decide is left. */
export function isExpiringSoon(action: Action, now: number): boolean {
  const at = expiry(action);
  return at - now < SOON * (at - Date.parse(action.created_at));
}

function expiry({ expires_at }: Action): number {
  return expires_at === null ? Number.POSITIVE_INFINITY : Date.parse(expires_at);
}

/** Caches the searched texts by action: thousands are searched at each key press. */
const cache = new WeakMap<Action, string>();

/** Returns everything that the queue shows of a request, in lower case. */
function searchedText(action: Action): string {
  const known = cache.get(action);
  if (known !== undefined) return known;
  const text = [
    headline(action),
    EFFECTS[effectOf(action)].word,
    action.agent_name,
    action.service_name,
    action.operation?.summary ?? '',
    action.operation?.id ?? '',
    `${action.method} ${action.target_url}`,
    action.intent,
    action.risk_explanation,
    ...action.signals.map(({ sentence }) => sentence),
    ...(action.summary?.facts.map(({ name, value }) => `${name} ${value}`) ?? []),
    ...bodyValues(action).map(({ value }) => value),
  ]
    .join('\n')
    .toLowerCase();
  cache.set(action, text);
  return text;
}
