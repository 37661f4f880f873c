/** What became of a request, in a word. */
import type { ActionStatus, RequestDecision, RequestEntry } from '#/client';

/** How good or bad it is for who watches. */
type Tone = 'soft' | 'good' | 'warn' | 'bad';

/** The words for what was decided at once. */
export const DECISIONS: Record<RequestDecision, { word: string; tone: Tone }> = {
  forward: { word: 'forwarded', tone: 'good' },
  hold: { word: 'held', tone: 'warn' },
  deny: { word: 'refused by a rule', tone: 'bad' },
};

/** The words for where a held request stands. */
export const STATUSES: Record<ActionStatus, { word: string; tone: Tone }> = {
  PENDING: { word: 'waiting', tone: 'warn' },
  APPROVED: { word: 'approved', tone: 'good' },
  DENIED: { word: 'denied', tone: 'bad' },
  REVOKED: { word: 'revoked', tone: 'bad' },
  EXPIRED: { word: 'expired', tone: 'soft' },
  EXECUTING: { word: 'executing', tone: 'warn' },
  EXECUTED: { word: 'executed', tone: 'good' },
  INDETERMINATE: { word: 'outcome unknown', tone: 'bad' },
};

/** The word for a request as a whole. */
export function outcomeOf(entry: RequestEntry): { word: string; tone: Tone } {
  if (entry.action_status) return STATUSES[entry.action_status];
  if (entry.decision !== 'forward') return DECISIONS[entry.decision];
  if (entry.completed_at && entry.upstream_status === null) {
    return { word: 'not answered', tone: 'bad' };
  }
  return DECISIONS.forward;
}

/** How an upstream's status is shown. */
export function statusTone(status: number): Tone {
  if (status >= 500) return 'bad';
  return status >= 400 ? 'warn' : 'good';
}
