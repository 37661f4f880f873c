/** Converts a rule between the form and the API. */
import type { Rule, RuleEffect } from '#/client';

/** The values of the form. */
export interface RuleDraft {
  name: string;
  effect: RuleEffect;
  condition: string;
  text: string;
  serviceId: number | null;
  agentId: number | null;
  enabled: boolean;
}

/** The initial values for a new rule. */
export const EMPTY_RULE: RuleDraft = {
  name: '',
  effect: 'require_approval',
  condition: '',
  text: '',
  serviceId: null,
  agentId: null,
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
    enabled: draft.enabled,
  };
}
