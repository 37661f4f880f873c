/** How the risk score is worded. */

/**
 * Returns the words for a score. They are about the score and not about the harm: a low score means that the request
 * fits its intent, and not that nothing is lost by it. A word such as “low” would reassure about a request that is held,
 * and one such as “high” would contradict the mark of a danger.
 */
export function riskWords(score: number): string {
  return `Risk score ${score.toFixed(2)}`;
}
