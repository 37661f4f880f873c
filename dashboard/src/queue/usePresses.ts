/**
 * The presses that approve: one for a harmless request, a second, deliberate one for any other. Holding
 * the first press is another way (`useHold`).
 */
import { useCallback, useEffect, useRef, useState } from 'react';
import { frictionOf } from '#/action/friction';
import { stakeOf } from '#/action/stake';
import type { Action } from '#/client';

/**
 * Pause that must precede the second press, in milliseconds. Systems take two clicks for a double
 * click up to 500 ms apart. A press during the pause restarts it, so mashing never approves.
 */
export const PAUSE_MS = 600;

/** How long to wait for the second press; each step restarts the time. */
const ARMED_MS = 8_000;

/** Said when that time is over. */
export const LAPSED = 'The confirmation closed: nothing was decided.';

/** An approval that is waiting for its second press. */
export interface Armed {
  id: string;
  /** Whether the user has confirmed the deletion or payment. */
  isConfirmed: boolean;
}

/** The state of the presses. */
export interface Presses {
  armed: Armed | null;
  /** The request whose second press was not made in time. */
  lapsedId: string | null;
  /** Whether the pause before the next press is still running. */
  isPausing: boolean;
  press: (action: Action) => void;
  confirm: (isConfirmed: boolean) => void;
  cancel: () => void;
}

/** Counts presses and calls `onApprove` once there are enough. */
export function usePresses(onApprove: (action: Action) => void): Presses {
  const [armed, setArmed] = useState<Armed | null>(null);
  const [lapsedId, setLapsedId] = useState<string | null>(null);
  const [isPausing, setIsPausing] = useState(false);
  const lastPressAt = useRef(Number.NEGATIVE_INFINITY);

  useEffect(() => {
    if (!armed) return;
    const timer = setTimeout(() => {
      setArmed(null);
      setLapsedId(armed.id);
    }, ARMED_MS);
    return () => clearTimeout(timer);
  }, [armed]);

  useEffect(() => {
    if (!isPausing) return;
    const left = lastPressAt.current + PAUSE_MS - performance.now();
    const timer = setTimeout(() => setIsPausing(false), Math.max(0, left));
    return () => clearTimeout(timer);
  });

  const press = (action: Action) => {
    const pause = performance.now() - lastPressAt.current;
    lastPressAt.current = performance.now();
    setIsPausing(true);
    setLapsedId(null);
    const isArmed = armed?.id === action.action_id;
    if (!isArmed && frictionOf(action) !== 'press') {
      setArmed({ id: action.action_id, isConfirmed: false });
      return;
    }
    if (isArmed) {
      if (pause < PAUSE_MS) {
        // Renders again, so that the displayed pause is extended too.
        setArmed({ ...armed });
        return;
      }
      if (stakeOf(action) && !armed.isConfirmed) return;
    }
    setArmed(null);
    onApprove(action);
  };
  const confirm = useCallback(
    (isConfirmed: boolean) => setArmed((before) => before && { ...before, isConfirmed }),
    [],
  );
  const cancel = useCallback(() => setArmed(null), []);
  return { armed, lapsedId, isPausing, press, confirm, cancel };
}
