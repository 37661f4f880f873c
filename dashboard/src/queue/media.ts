/** The widths at which the queue changes its layout. */
import { useSyncExternalStore } from 'react';

/** Returns whether list and request are side by side: the breakpoint `lg` of the styles. */
export function isWide(): boolean {
  return window.matchMedia('(min-width: 64rem)').matches;
}

/** The breakpoint `xl` of the styles. */
const DENSE = '(min-width: 80rem)';

function subscribe(listener: () => void) {
  const query = window.matchMedia(DENSE);
  query.addEventListener('change', listener);
  return () => query.removeEventListener('change', listener);
}

/** Returns whether the list has rows in place of cards, because the request has room next to it. */
export function useIsDense(): boolean {
  return useSyncExternalStore(subscribe, () => window.matchMedia(DENSE).matches);
}
