/** What a rule does, in words. */
import type { RuleEffect } from '#/client';

/** How effects are named. */
export const EFFECTS: ReadonlyArray<readonly [RuleEffect, string]> = [
  ['require_approval', 'Require approval'],
  ['deny', 'Deny'],
  ['allow', 'Allow'],
];

/** What each means. */
export const EFFECT_MEANS: Readonly<Record<RuleEffect, string>> = {
  require_approval: 'What matches waits for you, whatever its score.',
  deny: 'What matches is refused with 403 and never reaches the queue.',
  allow: 'What matches is forwarded at once, unless a stricter rule matches too.',
};

/** How each is colored. */
export const EFFECT_TONES = {
  require_approval: 'warn',
  deny: 'bad',
  allow: 'good',
} as const;

/** The name of one. */
export function effectName(effect: RuleEffect): string {
  return EFFECTS.find(([value]) => value === effect)?.[1] ?? effect;
}
