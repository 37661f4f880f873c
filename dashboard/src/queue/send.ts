/** Submits rulings, and finds out what happened if a response was lost. */
import { hasApproved } from '#/action/approvals';
import {
  type Action,
  type ActionStatus,
  type ApprovalCount,
  approve,
  beginApproval,
  type DecisionResult,
  decideActions,
  deny,
  getApproval,
} from '#/client';
import { messageOf } from '#/session/client';
import { passkeyFailure, presentPasskey } from '#/session/passkey';
import { ProblemError, sessionUser } from '#/session/session';

/** A human's decision. */
export type Ruling =
  /**
   * An immediate approval is released to the agent without time to undo it. One that an owner gives alone
   * replaces the other approvals that the request requires.
   */
  | { kind: 'approve'; note?: string; isImmediate?: boolean; isAlone?: boolean }
  | { kind: 'deny'; note?: string; isBlocking: boolean };

/** How many approvals a request has. */
export type Count = Pick<ApprovalCount, 'given' | 'needed'>;

/**
 * How long a submission may take, in milliseconds. The gateway needs a few; after this, the connection
 * counts as lost and the outcome as unknown.
 */
export const DECISION_MS_MAX = 15_000;

const CHECK_MS_MAX = 10_000;
const RETRY_MS_MIN = 500;
const RETRY_MS_MAX = 5_000;
/**
 * An abandoned request may still arrive, so "pending" is final only if reported twice this far
 * apart.
 */
const SURE_AFTER_MS = 1_000;

/**
 * How long an approval can be undone before the agent can have the request sent, in seconds: enough to
 * read the notice of a slip, and little for an agent that waits.
 */
export const UNDO_SECONDS = 8;

/**
 * Submits a ruling. Returns the approvals of a request that waits for others. Throws if the gateway rejects
 * it, or if the outcome is unknown.
 */
export async function send(action: Action, ruling: Ruling): Promise<Count | null> {
  const note = ruling.note?.trim();
  const passkey =
    ruling.kind === 'approve' && action.approvals.step_up === 'passkey'
      ? { passkey: await passkeyFor(action) }
      : {};
  const options = {
    path: { action_id: action.action_id },
    // The gateway compares the digest, so the ruling is only on the request that was displayed.
    body: { digest: action.digest, ...(note ? { note } : {}) },
    signal: AbortSignal.timeout(DECISION_MS_MAX),
    throwOnError: true as const,
  };
  if (ruling.kind === 'deny') {
    await deny(options);
    return null;
  }
  const alone = ruling.isAlone ? { break_glass: true } : {};
  const { data } = await approve({
    ...options,
    body: { ...options.body, ...undoOf(ruling), ...alone, ...passkey },
  });
  return 'approvals' in data ? data.approvals : null;
}

/** A passkey that was not used, so that nothing was submitted. */
export class PasskeyNotUsed extends Error {}

/** Asks for the passkey of this user, for the approval of this request. */
async function passkeyFor(action: Action) {
  const { data } = await beginApproval({
    path: { action_id: action.action_id },
    body: { digest: action.digest },
    signal: AbortSignal.timeout(DECISION_MS_MAX),
    throwOnError: true,
  });
  try {
    return await presentPasskey(data);
  } catch (error) {
    throw new PasskeyNotUsed(passkeyFailure(error) ?? 'This browser has no passkeys.');
  }
}

function undoOf(ruling: Ruling): { undo_seconds?: number } {
  if (ruling.kind === 'deny' || ruling.isImmediate) return {};
  return { undo_seconds: UNDO_SECONDS };
}

/** The most rulings in one call. */
export const RULINGS_MAX = 200;

/**
 * Submits a ruling on each of several actions. Returns each result, by the id. Throws as `send` does.
 */
export async function sendAll(
  actions: readonly Action[],
  ruling: Ruling,
): Promise<ReadonlyMap<string, DecisionResult>> {
  const note = ruling.note?.trim();
  const { data } = await decideActions({
    body: {
      decisions: actions.map(({ action_id, digest }) => ({
        action_id,
        digest,
        decision: ruling.kind,
        ...(note ? { note } : {}),
        ...undoOf(ruling),
      })),
    },
    signal: AbortSignal.timeout(DECISION_MS_MAX),
    throwOnError: true,
  });
  return new Map(data.results.map((result) => [result.action_id, result]));
}

/**
 * Returns whether the gateway rejected a request. After any other error, it may have been applied.
 */
export function isRejection(error: unknown): boolean {
  if (error instanceof PasskeyNotUsed) return true;
  return error instanceof ProblemError && error.status >= 400 && error.status < 500;
}

/** An action as the gateway reports it after a response was lost. */
export type Found = Pick<Action, 'status' | 'approvals'>;

/**
 * Polls the action until the gateway reports its status. Throws only if the gateway rejects the
 * query.
 */
export async function statusOf(id: string, gone?: AbortSignal): Promise<Found> {
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
      if (data.status !== 'PENDING') return data;
      pendingSince ??= performance.now();
      if (performance.now() - pendingSince >= SURE_AFTER_MS) return data;
    } catch (error) {
      if (isRejection(error)) throw error;
      pendingSince = null;
    }
    gone?.throwIfAborted();
    await pause(pendingSince === null ? retryMs : SURE_AFTER_MS);
    gone?.throwIfAborted();
    retryMs = Math.min(retryMs * 2, RETRY_MS_MAX);
  }
}

/** Returns whether an action shows the result of a ruling of this user. */
export function isDone(found: Found, { kind }: Ruling): boolean {
  const { status } = found;
  if (kind === 'deny') return status === 'DENIED';
  if (status === 'PENDING') return hasApproved(found, Number(sessionUser()));
  return ['APPROVED', 'EXECUTING', 'EXECUTED', 'INDETERMINATE'].includes(status);
}

/** Returns the message for a ruling that the gateway rejected. */
export function rejectedMessage(ruling: Ruling, error: unknown): string {
  if (error instanceof ProblemError && error.code === 'already_decided') {
    return `Not ${verbOf(ruling)}: it is no longer pending. Your decision was not applied.`;
  }
  if (error instanceof PasskeyNotUsed) return `Not ${verbOf(ruling)}. ${error.message}`;
  return `Not ${verbOf(ruling)}: ${messageOf(error)}.`;
}

/** Returns the message for a ruling that did not take effect after its response was lost. */
export function lostMessage(ruling: Ruling, status: ActionStatus, error: unknown): string {
  // A revoked or expired request may have been approved before.
  const isCertain = ['PENDING', 'APPROVED', 'DENIED'].includes(status);
  const now = status === 'PENDING' ? 'still pending' : status.toLowerCase();
  const cause = `${messageOf(error)}. The request is ${now}.`;
  return isCertain ? `Not ${verbOf(ruling)}: ${cause}` : `The response was lost: ${cause}`;
}

/** Returns the message for a ruling whose outcome the gateway did not report. */
export function unknownMessage(ruling: Ruling, error: unknown): string {
  return `It is unknown whether this was ${verbOf(ruling)}: ${messageOf(error)}.`;
}

function verbOf({ kind }: Ruling): string {
  return kind === 'approve' ? 'approved' : 'denied';
}

/** Waits, but at most until the browser is back online. */
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
