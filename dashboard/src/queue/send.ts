/** Sends a decision, and finds out what happened if its response was lost. */
import { type Action, type ActionStatus, approve, deny, getApproval } from '#/client';
import { messageOf } from '#/session/client';
import { ProblemError } from '#/session/session';

/** What a human can decide. */
export type Choice =
  | { kind: 'approve'; note?: string }
  | { kind: 'deny'; note?: string; isBlocking: boolean };

/**
 * How long a decision may take, in milliseconds. The gateway needs a few; past this the connection
 * is taken for dead and the outcome for unknown.
 */
export const DECISION_MS_MAX = 15_000;

const CHECK_MS_MAX = 10_000;
const RETRY_MS_MIN = 500;
const RETRY_MS_MAX = 5_000;
/** A request that was given up may still arrive, so "pending" counts once it was seen twice this far apart. */
const SURE_AFTER_MS = 1_000;

/** The gateway's word. Throws if it refused, or if nobody can say what happened. */
export async function send(action: Action, choice: Choice): Promise<void> {
  const note = choice.note?.trim();
  const options = {
    path: { action_id: action.action_id },
    // What was on the screen is what is decided: the gateway compares.
    body: { digest: action.digest, ...(note ? { note } : {}) },
    signal: AbortSignal.timeout(DECISION_MS_MAX),
    throwOnError: true as const,
  };
  await (choice.kind === 'approve' ? approve(options) : deny(options));
}

/** Whether the gateway said no. Anything else may have been applied before it failed. */
export function isRefusal(error: unknown): boolean {
  return error instanceof ProblemError && error.status >= 400 && error.status < 500;
}

/** Asks for the action until the gateway says what its status is. Throws only if that is refused. */
export async function statusOf(id: string, gone?: AbortSignal): Promise<ActionStatus> {
  let retryMs = RETRY_MS_MIN;
  let pendingSince: number | null = null;
  for (;;) {
    try {
      const { data } = await getApproval({
        path: { action_id: id },
        query: { preview: true },
        cache: 'no-store',
        signal: AbortSignal.timeout(CHECK_MS_MAX),
        throwOnError: true,
      });
      if (data.status !== 'PENDING') return data.status;
      pendingSince ??= performance.now();
      if (performance.now() - pendingSince >= SURE_AFTER_MS) return data.status;
    } catch (error) {
      if (isRefusal(error)) throw error;
      pendingSince = null;
    }
    gone?.throwIfAborted();
    await pause(pendingSince === null ? retryMs : SURE_AFTER_MS);
    gone?.throwIfAborted();
    retryMs = Math.min(retryMs * 2, RETRY_MS_MAX);
  }
}

/** Whether a status is what the choice leads to. */
export function isDone(status: ActionStatus, { kind }: Choice): boolean {
  if (kind === 'deny') return status === 'DENIED';
  return ['APPROVED', 'EXECUTING', 'EXECUTED', 'INDETERMINATE'].includes(status);
}

/** Says that a choice was not applied, as the gateway reported. */
export function refusedMessage(choice: Choice, error: unknown): string {
  return `You have not ${verbOf(choice)} it: ${messageOf(error)}.`;
}

/** Says what the gateway reported after the response to a choice was lost. */
export function lostMessage(choice: Choice, status: ActionStatus, error: unknown): string {
  // One that was revoked or has expired may have been approved before.
  const isCertain = ['PENDING', 'APPROVED', 'DENIED'].includes(status);
  const now = status === 'PENDING' ? 'still pending' : status.toLowerCase();
  const said = `${messageOf(error)}. The request is ${now}.`;
  return isCertain
    ? `You have not ${verbOf(choice)} it: ${said}`
    : `The response was lost: ${said}`;
}

/** Says that the gateway would not report what happened. */
export function unknownMessage(choice: Choice, error: unknown): string {
  return `We do not know whether this was ${verbOf(choice)}: ${messageOf(error)}.`;
}

function verbOf({ kind }: Choice): string {
  return kind === 'approve' ? 'approved' : 'denied';
}

/** Waits, but no longer than until the browser is back on a network. */
function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      window.removeEventListener('online', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    window.addEventListener('online', done);
  });
}
