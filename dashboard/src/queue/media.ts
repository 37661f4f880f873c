/** The widths at which the queue changes its layout. */
import { useSyncExternalStore } from 'react';

/** The breakpoint `lg` of the styles. */
const WIDE = '(min-width: 64rem)';

/** The breakpoint `xl` of the styles. */
const DENSE = '(min-width: 80rem)';

/** Returns whether list and request are side by side. */
export function isWide(): boolean {
  return window.matchMedia(WIDE).matches;
}

/** Returns the same, and follows the width of the window. */
export function useIsWide(): boolean {
  return useSyncExternalStore(subscribeTo(WIDE), isWide);
}

/** Returns whether the list has rows in place of cards, because the request has room next to it. */
export function useIsDense(): boolean {
  return useSyncExternalStore(subscribeTo(DENSE), () => window.matchMedia(DENSE).matches);
}

/** Subscriptions by media query; each keeps its identity, so that it is not renewed with each render. */
const subscriptions = new Map<string, (listener: () => void) => () => void>();

function subscribeTo(media: string) {
  const known = subscriptions.get(media);
  if (known) return known;
  const subscribe = (listener: () => void) => {
    const query = window.matchMedia(media);
    query.addEventListener('change', listener);
    return () => query.removeEventListener('change', listener);
  };
  subscriptions.set(media, subscribe);
  return subscribe;
}
