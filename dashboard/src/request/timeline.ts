/** The events in the life of a request. */
import type { Action, RequestEntry } from '#/client';

/** An event. */
export interface TimelineEvent {
  at: string;
  what: string;
  /** The id of the user who did it; null if it was not a human. */
  by: number | null;
  /** The user's email address, if it is known. */
  byName: string | null;
  /** The user's note to the agent. */
  note: string | null;
}

/** Returns the events of a request and, if it was held, of its action, in order. */
export function timelineOf(entry: RequestEntry, action: Action | undefined): TimelineEvent[] {
  const events: TimelineEvent[] = [event(entry.created_at, 'Requested by the agent')];
  if (entry.decision === 'deny') events.push(event(entry.created_at, 'Denied by a rule'));
  if (entry.decision === 'forward') {
    events.push(event(entry.created_at, 'Sent to the service'));
    if (entry.completed_at) {
      const { upstream_status: status } = entry;
      const what =
        status === null ? 'No response from the service' : `Service responded with ${status}`;
      events.push(event(entry.completed_at, what));
    }
  }
  if (action) events.push(...heldEvents(action));
  return events;
}

function heldEvents(action: Action): TimelineEvent[] {
  const events = [event(action.created_at, 'Held for approval')];
  const { approval, status, resolution, started_at: startedAt, resolved_at: at } = action;
  if (approval) events.push({ ...approval, byName: approval.by_name, what: 'Approved' });
  if (startedAt) events.push(event(startedAt, 'Sent to the service'));
  if (!at || status === 'APPROVED' || status === 'EXECUTING') return events;
  const byHuman = {
    at,
    by: action.resolved_by,
    byName: action.resolved_by_name,
    note: action.note,
  };
  if (resolution === 'executed') {
    events.push({ ...byHuman, what: 'Marked as executed' });
  } else if (resolution === 'not_executed') {
    events.push({ ...byHuman, what: 'Marked as not executed' });
  } else if (status === 'DENIED') {
    events.push({ ...byHuman, what: 'Denied' });
  } else if (status === 'REVOKED') {
    events.push({ ...byHuman, what: 'Revoked' });
  } else if (status === 'EXPIRED') {
    events.push(event(at, 'Expired'));
  } else if (status === 'INDETERMINATE') {
    events.push(event(at, 'Connection lost, outcome unknown'));
  } else if (status === 'EXECUTED') {
    events.push(
      event(
        at,
        action.result ? `Service responded with ${action.result.status}` : 'Service responded',
      ),
    );
  }
  return events;
}

function event(at: string, what: string): TimelineEvent {
  return { at, what, by: null, byName: null, note: null };
}
