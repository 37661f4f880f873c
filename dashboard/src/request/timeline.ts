/** What happened to a request, in the order in which it happened. */
import type { Action, RequestEntry } from '#/client';

/** One thing that happened. */
export interface Moment {
  at: string;
  what: string;
  /** The user who did it, where a human did. */
  by: number | null;
  /** What that human told the agent. */
  note: string | null;
}

/** The moments of a request and, if it was held, of its action. */
export function timelineOf(entry: RequestEntry, action: Action | undefined): Moment[] {
  const moments: Moment[] = [moment(entry.created_at, 'Asked by the agent')];
  if (entry.decision === 'deny') moments.push(moment(entry.created_at, 'Refused by a rule'));
  if (entry.decision === 'forward') {
    moments.push(moment(entry.created_at, 'Sent to the service'));
    if (entry.completed_at) {
      const { upstream_status: status } = entry;
      const what = status === null ? 'Not answered' : `Answered with ${status}`;
      moments.push(moment(entry.completed_at, what));
    }
  }
  if (action) moments.push(...heldMoments(action));
  return moments;
}

function heldMoments(action: Action): Moment[] {
  const moments = [moment(action.created_at, 'Held for a human')];
  const { approval, status, resolution, started_at: startedAt, resolved_at: at } = action;
  if (approval) moments.push({ ...approval, what: 'Approved' });
  if (startedAt) moments.push(moment(startedAt, 'Sent to the service'));
  if (!at || status === 'APPROVED' || status === 'EXECUTING') return moments;
  const byHuman = { at, by: action.resolved_by, note: action.note };
  if (resolution === 'executed') {
    moments.push({ ...byHuman, what: 'Found to have been carried out' });
  } else if (resolution === 'not_executed') {
    moments.push({ ...byHuman, what: 'Found not to have been carried out' });
  } else if (status === 'DENIED') {
    moments.push({ ...byHuman, what: 'Denied' });
  } else if (status === 'REVOKED') {
    moments.push({ ...byHuman, what: 'Revoked' });
  } else if (status === 'EXPIRED') {
    moments.push(moment(at, 'Expired'));
  } else if (status === 'INDETERMINATE') {
    moments.push(moment(at, 'Broke off; what became of it is not known'));
  } else if (status === 'EXECUTED') {
    moments.push(moment(at, action.result ? `Answered with ${action.result.status}` : 'Answered'));
  }
  return moments;
}

function moment(at: string, what: string): Moment {
  return { at, what, by: null, note: null };
}
