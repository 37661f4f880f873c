/** The approvals of a request that particular people, or more than one person, must approve. */
import type { Action, RequiredApprovals, VoteRefused } from '#/client';
import { counted } from '#/text/count';

type WithApprovals = Pick<Action, 'approvals'>;

const REFUSALS: Record<VoteRefused, string> = {
  role: 'Your role may not approve this request.',
  limits: 'Your role is limited to other services or effects.',
  rule_author: 'You wrote a rule that holds this request, so someone else must approve it.',
  agent_owner: 'You own the agent that sent this request, so someone else must approve it.',
  not_owner: 'Only an owner may approve this request alone.',
  step_up_required: 'Approving this request needs your passkey.',
  step_up_used: 'This passkey response was already used. Use your passkey again.',
};

/** Returns how many approvals there are and who gave them; null if one is enough. */
export function approvalsText({ approvals }: WithApprovals): string | null {
  const { needed, given, by } = approvals;
  if (needed < 2) return null;
  const names = by.map(({ name, user_id: id }) => name ?? `user ${id}`);
  const who = names.length === 0 ? '' : `, given by ${names.join(', ')}`;
  return `${given} of ${counted(needed, 'approval')}${who}`;
}

/** Returns what an approval needs in addition to the click; null if nothing. */
export function stepUpText({ approvals }: WithApprovals): string | null {
  const isAsked = approvals.step_up === 'passkey' && approvals.may_vote;
  return isAsked ? 'Approving asks for your passkey.' : null;
}

/** Returns the words of the button that approves. */
export function approveLabel({ approvals }: WithApprovals, verb = 'Approve'): string {
  const { needed, given } = approvals;
  if (needed < 2) return verb;
  return `${verb} (${ordinal(Math.min(given + 1, needed))} of ${needed})`;
}

/** Returns whether a user has approved. */
export function hasApproved({ approvals }: WithApprovals, userId: number): boolean {
  return approvals.by.some(({ user_id }) => user_id === userId);
}

/** Returns why the user may not approve; null if they may, or have already. */
export function refusalText({ approvals }: WithApprovals): string | null {
  const reason = approvals.may_not_vote_because;
  return reason === null ? null : REFUSALS[reason];
}

/** Returns what is missing after an approval. */
export function missingText({
  needed,
  given,
}: Pick<RequiredApprovals, 'needed' | 'given'>): string {
  return `Needs ${counted(Math.max(needed - given, 0), 'more approval')}`;
}

function ordinal(number: number): string {
  return `${number}${['th', 'st', 'nd', 'rd'][number] ?? 'th'}`;
}
