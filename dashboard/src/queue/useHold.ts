/** Holding a button or a key for a second to approve. */
import { useCallback, useEffect, useRef, useState } from 'react';
import type { Action } from '#/client';

/** How long a press has to be held, in milliseconds: too long for a slip, short enough for many. */
const HOLD_MS = 1_000;

/** The state of a hold. */
export interface Hold {
  /** The id of the action that is being held. */
  heldId: string | null;
  begin: (action: Action) => void;
  /** Ends the hold. Returns whether it was too short. */
  end: () => boolean;
}

/** Calls `onHeld` once a press has been held long enough. */
export function useHold(onHeld: (action: Action) => void): Hold {
  const [heldId, setHeldId] = useState<string | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const held = useRef(onHeld);
  useEffect(() => {
    held.current = onHeld;
  });
  const end = useCallback(() => {
    const wasHolding = timer.current !== undefined;
    clearTimeout(timer.current);
    timer.current = undefined;
    setHeldId(null);
    return wasHolding;
  }, []);
  const begin = useCallback((action: Action) => {
    clearTimeout(timer.current);
    setHeldId(action.action_id);
    timer.current = setTimeout(() => {
      timer.current = undefined;
      setHeldId(null);
      held.current(action);
    }, HOLD_MS);
  }, []);
  useEffect(() => {
    // The release would go to another window.
    const cancel = () => void end();
    window.addEventListener('blur', cancel);
    document.addEventListener('visibilitychange', cancel);
    return () => {
      window.removeEventListener('blur', cancel);
      document.removeEventListener('visibilitychange', cancel);
      clearTimeout(timer.current);
    };
  }, [end]);
  return { heldId, begin, end };
}
