/** A rule between a form and what the gateway takes. */
import type { Rule, RuleEffect } from '#/client';

/** What stands in the form. */
export interface RuleDraft {
  name: string;
  effect: RuleEffect;
  condition: string;
  text: string;
  serviceId: number | null;
  agentId: number | null;
  enabled: boolean;
}

/** What the form of a new rule begins with. */
export const EMPTY_RULE: RuleDraft = {
  name: '',
  effect: 'require_approval',
  condition: '',
  text: '',
  serviceId: null,
  agentId: null,
  enabled: true,
};

/** What the form of a rule begins with. */
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

/** What the gateway is told. */
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
