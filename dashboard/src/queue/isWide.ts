/** Returns whether list and request are side by side: the breakpoint `lg` of the styles. */
export function isWide(): boolean {
  return window.matchMedia('(min-width: 64rem)').matches;
}
