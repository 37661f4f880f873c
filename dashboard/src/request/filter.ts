/** The filter of the history, kept in the URL. */

import { DECISIONS, STATUSES } from '#/action/outcome';
import type { ActionStatus, ListRequestsData, RequestDecision } from '#/client';

/** A filter; a missing field matches everything. */
export interface RequestFilter {
  agent?: number;
  service?: number;
  decision?: RequestDecision;
  status?: ActionStatus;
  text?: string;
}

/** Reads a filter from URL parameters, ignoring invalid ones. */
export function readFilter(search: Record<string, unknown>): RequestFilter {
  const filter: RequestFilter = {};
  const agent = Number(search.agent);
  const service = Number(search.service);
  if (Number.isSafeInteger(agent) && agent > 0) filter.agent = agent;
  if (Number.isSafeInteger(service) && service > 0) filter.service = service;
  const { decision, status, text } = search;
  if (typeof decision === 'string' && Object.hasOwn(DECISIONS, decision)) {
    filter.decision = decision as RequestDecision;
  }
  if (typeof status === 'string' && Object.hasOwn(STATUSES, status))
    filter.status = status as ActionStatus;
  // The router parses a numeric search text as a number.
  if (typeof text === 'string' || typeof text === 'number')
    filter.text = String(text).slice(0, 200);
  return filter;
}

/** Returns the filter as the API takes it. */
export function queryOf(filter: RequestFilter): NonNullable<ListRequestsData['query']> {
  return {
    ...(filter.agent && { agent_id: filter.agent }),
    ...(filter.service && { service_id: filter.service }),
    ...(filter.decision && { decision: filter.decision }),
    ...(filter.status && { action_status: filter.status }),
    ...(filter.text && { q: filter.text }),
  };
}
