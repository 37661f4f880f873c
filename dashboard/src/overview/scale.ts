/** Chart scales with round numbers. */

/** Rounds up to an even digit followed by zeros, so that half of it is round too. */
export function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value || 1));
  const steps = [2, 4, 6, 8, 10, 20];
  return (steps.find((step) => step * power >= value) ?? 20) * power;
}
