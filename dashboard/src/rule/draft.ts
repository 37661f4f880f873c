/** Converts a rule between the form and the API. */
import type { ApproverRole, Exclusion, Rule, RuleApprovals, RuleEffect } from '#/client';

/** The values of the form. */
export interface RuleDraft {
  name: string;
  effect: RuleEffect;
  condition: string;
  text: string;
  serviceId: number | null;
  agentId: number | null;
  /** How many people must approve. */
  approvals: number;
  /** The roles of those who may. */
  approvers: Approvers;
  /** Whether the approval of the rule's author does not count. */
  noRuleAuthor: boolean;
  /** Whether the approval of the agent's owner does not count. */
  noAgentOwner: boolean;
  /** Whether each approval needs a passkey. */
  needsPasskey: boolean;
  enabled: boolean;
}

/** The roles whose members may approve. */
export type Approvers = 'all' | ApproverRole;

/** The choices of these roles, with their names. */
export const APPROVERS: ReadonlyArray<readonly [Approvers, string]> = [
  ['all', 'Owners and approvers'],
  ['owner', 'Only owners'],
  ['approver', 'Only approvers'],
];

/** The initial values for a new rule. */
export const EMPTY_RULE: RuleDraft = {
  name: '',
  effect: 'require_approval',
  condition: '',
  text: '',
  serviceId: null,
  agentId: null,
  approvals: 1,
  approvers: 'all',
  noRuleAuthor: false,
  noAgentOwner: false,
  needsPasskey: false,
  enabled: true,
};

/** Returns the form values of a rule. */
export function draftOf(rule: Rule): RuleDraft {
  return {
    name: rule.name,
    effect: rule.effect,
    condition: rule.condition ?? '',
    text: rule.text ?? '',
    serviceId: rule.service_id,
    agentId: rule.agent_id,
    approvals: rule.approvals?.count ?? 1,
    approvers: rule.approvals?.from?.length === 1 ? (rule.approvals.from[0] ?? 'all') : 'all',
    noRuleAuthor: rule.approvals?.exclude?.includes('rule_author') ?? false,
    noAgentOwner: rule.approvals?.exclude?.includes('agent_owner') ?? false,
    needsPasskey: rule.stepUp === 'passkey',
    enabled: rule.enabled,
  };
}

/** Returns the rule as the API takes it. */
export function ruleBody(draft: RuleDraft) {
  return {
    name: draft.name.trim(),
    effect: draft.effect,
    condition: draft.condition.trim() === '' ? null : draft.condition,
    text: draft.text.trim() === '' ? null : draft.text,
    service_id: draft.serviceId,
    agent_id: draft.agentId,
    approvals: approvalsOf(draft),
    stepUp: draft.effect === 'require_approval' && draft.needsPasskey ? ('passkey' as const) : null,
    enabled: draft.enabled,
  };
}

/** Returns the approvals that a rule asks for; null if one of anyone who can approve is enough. */
function approvalsOf(draft: RuleDraft): RuleApprovals | null {
  const exclude: Exclusion[] = [
    ...(draft.noRuleAuthor ? (['rule_author'] as const) : []),
    ...(draft.noAgentOwner ? (['agent_owner'] as const) : []),
  ];
  const isPlain = draft.approvals === 1 && draft.approvers === 'all' && exclude.length === 0;
  if (draft.effect !== 'require_approval' || isPlain) return null;
  const from: ApproverRole[] =
    draft.approvers === 'all' ? ['approver', 'owner'] : [draft.approvers];
  return { count: draft.approvals, from, exclude };
}
