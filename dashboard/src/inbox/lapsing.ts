/** Approvals that are about to expire. */
import type { Action } from '#/client';

/**
 * Returns the `count` approved requests with the smallest share of their time left, the next to expire
 * first. The gateway decides how many are about to expire.
 */
export function lapsing(approved: readonly Action[], count: number, now: number): Action[] {
  return approved
    .flatMap((action) => {
      const left = leftOf(action, now);
      return left === undefined ? [] : [{ action, left }];
    })
    .sort((a, b) => a.left - b.left)
    .slice(0, count)
    .map(({ action }) => action);
}

/** Returns the share of an approval's time that is left; undefined if it cannot expire. */
function leftOf({ status, approval, expires_at }: Action, now: number): number | undefined {
  if (status !== 'APPROVED' || !approval || expires_at === null) return undefined;
  const until = Date.parse(expires_at);
  return until > now ? (until - now) / (until - Date.parse(approval.at)) : undefined;
}
