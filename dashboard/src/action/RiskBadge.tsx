/** The risk score of a request, as a badge. */
import type { OperationEffect } from '#/client';
import { Badge } from '#/ui/Badge';
import { riskLevel, riskWords } from './risk';

interface Props {
  score: number;
  effect: OperationEffect;
}

/** Shows the level of a score; next to an irreversible effect, a low one as a number. */
export function LevelBadge({ score, effect }: Props) {
  const words = riskWords(score, effect);
  const isNumber = words === 'Risk score';
  return <Badge tone={toneOf(score)}>{isNumber ? `${words} ${score.toFixed(2)}` : words}</Badge>;
}

/** Shows the level of a score, and the score. */
export function RiskBadge({ score, effect }: Props) {
  return (
    <Badge tone={toneOf(score)}>
      {riskWords(score, effect)} {score.toFixed(2)}
    </Badge>
  );
}

/** No level is red: red means that an effect cannot be taken back. */
function toneOf(score: number): 'soft' | 'warn' {
  return riskLevel(score) === 'high' ? 'warn' : 'soft';
}
