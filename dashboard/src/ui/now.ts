/** The current time, for countdowns. */
import { useSyncExternalStore } from 'react';

const listeners = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void) {
  listeners.add(listener);
  if (timer === undefined) {
    // While nothing showed a time, the clock did not run.
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

/** Returns the current time in milliseconds, updated each second. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}

/** Returns a value that depends on the time in milliseconds. Renders only if it changes. */
export function useClock<Value extends string | boolean>(of: (now: number) => Value): Value {
  return useSyncExternalStore(subscribe, () => of(now));
}

const MINUTE_MS = 60_000;

/** Returns the beginning of the current minute in milliseconds. Renders once a minute. */
export function useMinute(): number {
  return useSyncExternalStore(subscribe, () => Math.floor(now / MINUTE_MS) * MINUTE_MS);
}
