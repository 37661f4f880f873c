/** The risk score of a request, as a badge. */
import { Badge } from '#/ui/Badge';
import { riskLevel, riskWords } from './risk';

/** Shows a score, with a word if it is among the highest. */
export function RiskBadge({ score }: { score: number }) {
  return <Badge tone={toneOf(score)}>{riskWords(score)}</Badge>;
}

/** No level is red: red means that an effect cannot be taken back. */
function toneOf(score: number): 'soft' | 'warn' {
  return riskLevel(score) === 'high' ? 'warn' : 'soft';
}
