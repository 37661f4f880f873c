/** Numbers of things, in words. */

/** The number and the noun, which is in the plural where it is not one. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}
