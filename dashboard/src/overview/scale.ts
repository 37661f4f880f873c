/** Scales whose marks are round numbers. */

/** The next number of one even digit and zeros, so that its half has one digit too. */
export function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value || 1));
  const steps = [2, 4, 6, 8, 10, 20];
  return (steps.find((step) => step * power >= value) ?? 20) * power;
}
