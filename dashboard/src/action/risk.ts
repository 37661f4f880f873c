/** Levels of risk. */

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
