/** Levels of the risk score, and how they are worded. */
/** The level of a risk score. */
export type RiskLevel = 'low' | 'medium' | 'high';

/**
 * The lowest scores of the levels. They divide what is held: of the 746 requests of the evaluation set
 * that the built-in assessor holds, a third has each level.
 */
const MEDIUM_MIN = 0.72;
const HIGH_MIN = 0.9;

/** Returns the level of a score. */
export function riskLevel(score: number): RiskLevel {
  if (score >= HIGH_MIN) return 'high';
  return score >= MEDIUM_MIN ? 'medium' : 'low';
}

/**
 * Returns the words for a score. They are about the score and not about the harm: a low score means that the request
 * fits its intent, and not that nothing is lost by it. Any word but “high” would reassure about a request that is held,
 * so all others are shown as a number only.
 */
export function riskWords(score: number, isHigh = riskLevel(score) === 'high'): string {
  return isHigh ? `High risk ${score.toFixed(2)}` : `Risk score ${score.toFixed(2)}`;
}
