/** Counts with nouns. */

/** Returns a count with its noun in singular or plural. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}
