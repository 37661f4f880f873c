/** The risk of a request, as a badge. */
import { Badge } from '#/ui/Badge';
import { type RiskLevel, riskLevel } from './risk';

/** No level is red: red means that an effect cannot be taken back. */
const LEVELS: Record<RiskLevel, { word: string; tone: 'soft' | 'warn' }> = {
  high: { word: 'High risk', tone: 'warn' },
  medium: { word: 'Medium risk', tone: 'soft' },
  low: { word: 'Low risk', tone: 'soft' },
};

/** Shows the level of a score. */
export function LevelBadge({ score }: { score: number }) {
  const { word, tone } = LEVELS[riskLevel(score)];
  return <Badge tone={tone}>{word}</Badge>;
}

/** Shows the level of a score, and the score. */
export function RiskBadge({ score }: { score: number }) {
  const { word, tone } = LEVELS[riskLevel(score)];
  return (
    <Badge tone={tone}>
      {word} {score.toFixed(2)}
    </Badge>
  );
}
