/** The words for the end of an approved request. */
import { missingText } from '#/action/approvals';
import type { Action } from '#/client';

/** The meaning of undoing an approval, before and after. */
export const UNDO_MEANS = 'Undo revokes: nothing is sent, and the agent may ask again.';
export const UNDONE_MEANS =
  'Undone: revoked, nothing was sent. The agent gets “revoked” and may ask again.';

/** Returns what has become of an approved request; null if there is nothing to say. */
export function endedText(
  { status, result, approvals, releases_at: releases }: Action,
  now: number,
): { text: string; isBad: boolean } | null {
  const seconds = releases === null ? 0 : Math.ceil((Date.parse(releases) - now) / 1_000);
  switch (status) {
    case 'PENDING':
      return { text: missingText(approvals), isBad: false };
    case 'APPROVED':
      return {
        text: seconds > 0 ? `Released to the agent in ${seconds} s` : 'Not sent yet',
        isBad: false,
      };
    case 'EXECUTING':
      return { text: 'Sending…', isBad: false };
    case 'EXECUTED':
      return {
        text: result ? `Sent, ${result.status}` : 'Sent',
        isBad: (result?.status ?? 0) >= 400,
      };
    case 'INDETERMINATE':
      return { text: 'Outcome unknown: check the service', isBad: true };
    case 'REVOKED':
      return { text: UNDONE_MEANS, isBad: false };
    case 'EXPIRED':
      return { text: 'Expired before it was sent', isBad: true };
    default:
      return null;
  }
}
