/** The risk of a request: the mark of a danger on its card, and its score elsewhere. */
import type { Action } from '#/client';
import { Badge } from '#/ui/Badge';
import { EFFECTS, effectOf } from './effect';
import { isDangerous } from './reason';
import { riskWords } from './risk';

/** Shows a score, where it is explained or compared. */
export function RiskBadge({ score }: { score: number }) {
  return <Badge tone="soft">{riskWords(score)}</Badge>;
}

/**
 * Marks a request with a danger, in red if its effect cannot be taken back. A score next to it would say the same in
 * another measure, and contradict it where they differ.
 */
export function DangerBadge({ action }: { action: Action }) {
  if (!isDangerous(action)) return null;
  const { isIrreversible } = EFFECTS[effectOf(action)];
  return <Badge tone={isIrreversible ? 'bad' : 'warn'}>High risk</Badge>;
}
