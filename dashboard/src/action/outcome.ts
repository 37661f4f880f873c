/** Labels for decisions, statuses, and outcomes. */
import type { ActionStatus, RequestDecision, RequestEntry } from '#/client';

/** How good or bad an outcome is, as a color. */
type Tone = 'soft' | 'good' | 'warn' | 'bad';

/** A label and its color. */
interface Label {
  word: string;
  tone: Tone;
}

/** Labels for the gateway's decisions. */
export const DECISIONS: Record<RequestDecision, Label> = {
  forward: { word: 'Forwarded', tone: 'good' },
  hold: { word: 'Held', tone: 'warn' },
  deny: { word: 'Denied by rule', tone: 'bad' },
};

/** Labels for the statuses of held requests. */
export const STATUSES: Record<ActionStatus, Label> = {
  PENDING: { word: 'Pending', tone: 'warn' },
  APPROVED: { word: 'Approved', tone: 'good' },
  DENIED: { word: 'Denied', tone: 'bad' },
  REVOKED: { word: 'Revoked', tone: 'bad' },
  EXPIRED: { word: 'Expired', tone: 'soft' },
  EXECUTING: { word: 'Executing', tone: 'warn' },
  EXECUTED: { word: 'Executed', tone: 'good' },
  INDETERMINATE: { word: 'Outcome unknown', tone: 'bad' },
};

/** From this status code on, a response is not a success. */
const REDIRECTION = 300;

/** Returns the label for a request's outcome so far. */
export function outcomeOf(entry: RequestEntry): Label {
  const decided = entry.action_status ? STATUSES[entry.action_status] : DECISIONS[entry.decision];
  if (entry.decision === 'forward' && entry.completed_at && entry.upstream_status === null) {
    return { word: 'No response', tone: 'bad' };
  }
  // A request that the service did not carry out has not succeeded.
  const hasFailed = entry.upstream_status !== null && entry.upstream_status >= REDIRECTION;
  return hasFailed && decided.tone === 'good' ? { ...decided, tone: 'soft' } : decided;
}

/** Returns the tone of an upstream's status code. */
export function statusTone(status: number): Tone {
  if (status >= 500) return 'bad';
  if (status >= 400) return 'warn';
  return status >= REDIRECTION ? 'soft' : 'good';
}
