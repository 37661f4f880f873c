/** The current time, for countdowns. */
import { useSyncExternalStore } from 'react';

const listeners = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void) {
  listeners.add(listener);
  if (timer === undefined) {
    // The clock stops while no component shows the time, so `now` may be old.
    now = Date.now();
    timer = setInterval(() => {
      now = Date.now();
      for (const each of listeners) each();
    }, 1000);
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

/** Returns the current time in milliseconds since the Unix epoch, updated every second. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}

/**
 * Returns a value derived from the current time in milliseconds. Renders again only when the value changes,
 * which React finds by identity: hence only strings and booleans.
 */
export function useClock<Value extends string | boolean>(of: (now: number) => Value): Value {
  return useSyncExternalStore(subscribe, () => of(now));
}

const MINUTE_MS = 60_000;

/** Returns the start of the current minute in milliseconds since the Unix epoch. Renders once a minute. */
export function useMinute(): number {
  return useSyncExternalStore(subscribe, () => Math.floor(now / MINUTE_MS) * MINUTE_MS);
}
