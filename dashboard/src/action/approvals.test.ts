import { describe, expect, it } from 'vitest';
import type { RequiredApprovals } from '#/client';
import {
  approvalsText,
  approveLabel,
  hasApproved,
  missingText,
  refusalText,
  stepUpText,
} from './approvals';

function action(part: Partial<RequiredApprovals>) {
  const approvals: RequiredApprovals = {
    needed: 1,
    given: 0,
    by: [],
    from: ['approver', 'owner'],
    exclude: [],
    step_up: null,
    may_vote: true,
    may_not_vote_because: null,
    may_break_glass: false,
    ...part,
  };
  return { approvals };
}

const ANN = {
  user_id: 7,
  name: 'ann@example.com',
  at: '2026-01-01T00:00:00Z',
  note: null,
  stepped_up: false,
};

describe('the approvals of a request', () => {
  it('are not mentioned if one is enough', () => {
    expect(approvalsText(action({}))).toBeNull();
    expect(approveLabel(action({}))).toBe('Approve');
  });

  it('say how many there are, who gave them, and which one comes next', () => {
    const open = action({ needed: 2 });
    expect(approvalsText(open)).toBe('0 of 2 approvals');
    expect(approveLabel(open)).toBe('Approve (1st of 2)');
    const begun = action({ needed: 2, given: 1, by: [ANN] });
    expect(approvalsText(begun)).toBe('1 of 2 approvals, given by ann@example.com');
    expect(approveLabel(begun)).toBe('Approve (2nd of 2)');
    expect(missingText(begun.approvals)).toBe('Needs 1 more approval');
    const former = action({ needed: 4, given: 3, by: [{ ...ANN, name: null }] });
    expect(approvalsText(former)).toBe('3 of 4 approvals, given by user 7');
    expect(approveLabel(former, 'Hold to approve')).toBe('Hold to approve (4th of 4)');
  });

  it('say that a passkey is asked for, to those who may approve', () => {
    expect(stepUpText(action({}))).toBeNull();
    expect(stepUpText(action({ step_up: 'passkey' }))).toContain('your passkey');
    expect(stepUpText(action({ step_up: 'passkey', may_vote: false }))).toBeNull();
  });

  it('say who approved, and why someone may not', () => {
    const begun = action({ needed: 2, given: 1, by: [ANN] });
    expect(hasApproved(begun, 7)).toBe(true);
    expect(hasApproved(begun, 8)).toBe(false);
    expect(refusalText(begun)).toBeNull();
    expect(refusalText(action({ may_not_vote_because: 'rule_author' }))).toContain('You wrote');
  });
});
