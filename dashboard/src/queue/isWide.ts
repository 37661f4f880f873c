/** Whether list and request are next to each other: the breakpoint `lg` of the styles. */
export function isWide(): boolean {
  return window.matchMedia('(min-width: 64rem)').matches;
}
