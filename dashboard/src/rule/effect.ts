/** Labels for the effects of rules. */
import type { RuleEffect } from '#/client';

/** The effects with their labels. */
export const EFFECTS: ReadonlyArray<readonly [RuleEffect, string]> = [
  ['require_approval', 'Require approval'],
  ['deny', 'Deny'],
  ['allow', 'Allow'],
];

/** A description of each effect. */
export const EFFECT_DESCRIPTIONS: Readonly<Record<RuleEffect, string>> = {
  require_approval: 'Holds matching requests for approval, whatever their score.',
  deny: 'Denies matching requests with 403. They never reach the queue.',
  allow: 'Forwards matching requests without approval, unless a stricter rule matches too.',
};

/** The color of each effect. */
export const EFFECT_TONES = {
  require_approval: 'warn',
  deny: 'bad',
  allow: 'good',
} as const;

/** Returns the label of an effect. */
export function effectName(effect: RuleEffect): string {
  return EFFECTS.find(([value]) => value === effect)?.[1] ?? effect;
}
