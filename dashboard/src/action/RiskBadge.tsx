/** A risk score, as a badge. */
import { Badge } from '#/ui/Badge';

/** Shows a score with its level. */
export function RiskBadge({ score }: { score: number }) {
  const { word, tone } = riskLevel(score);
  return (
    <Badge tone={tone}>
      {word} risk {score.toFixed(2)}
    </Badge>
  );
}

function riskLevel(score: number): { word: string; tone: 'good' | 'warn' | 'bad' } {
  if (score >= 0.7) return { word: 'High', tone: 'bad' };
  if (score >= 0.4) return { word: 'Medium', tone: 'warn' };
  return { word: 'Low', tone: 'good' };
}
