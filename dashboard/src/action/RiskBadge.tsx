/** The risk score of a request, as a badge. */
import { Badge } from '#/ui/Badge';
import { riskLevel, riskWords } from './risk';

/** Shows a score, with a word if it is among the highest or if the request has a danger. */
export function RiskBadge({
  score,
  isHigh = riskLevel(score) === 'high',
}: {
  score: number;
  isHigh?: boolean;
}) {
  // No level is red: red means that an effect cannot be taken back.
  return <Badge tone={isHigh ? 'warn' : 'soft'}>{riskWords(score, isHigh)}</Badge>;
}
