/** Time limits, which the API has in milliseconds and a form in seconds. */

/** Returns the text for a field. */
export function secondsOf(milliseconds: number | null): string {
  return milliseconds === null ? '' : String(milliseconds / 1000);
}

/** Returns the limit for the API; null if the field is empty. */
export function millisecondsOf(seconds: string): number | null {
  return seconds.trim() === '' ? null : Math.round(Number(seconds) * 1000);
}
