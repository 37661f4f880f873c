/**
 * The subject of a decision: the element that names what would be decided. Every way to decide asks
 * it first, at the moment of the press.
 */
import { type RefCallback, useCallback, useRef, useState } from 'react';
import { isWhollyInView } from './inView';

/**
 * How long a subject must have been in view before it can be decided on, in milliseconds. A press
 * that comes earlier was meant for what was there before: choosing between two known alternatives
 * takes a human about 400 ms, and a double click or a double tap ends within 500 ms.
 */
export const SEEN_MS = 600;

/** Part of the subject that the observer must report as visible; less than 1 because of rounding. */
const WHOLE = 0.99;

/** Why a press was not accepted. */
export type Refusal = 'hidden' | 'new';

/** The subject on the page. */
export interface Subject {
  /** Goes to the element that holds the subject's title and target, and nothing else. */
  ref: RefCallback<HTMLElement>;
  /** Whether a press is likely to be accepted; for how buttons look. */
  isReady: boolean;
  /** Whether the subject has scrolled out of view, for saying so. */
  isHidden: boolean;
  /** Measures: why a decision is refused now, or null if it is accepted. */
  refusal: () => Refusal | null;
}

/** Watches the subject. A new element is a new subject. */
export function useSubject(): Subject {
  const shown = useRef<{ element: HTMLElement; since: number | null } | null>(null);
  const [state, setState] = useState<'new' | 'ready' | 'hidden'>('new');

  const ref = useCallback((element: HTMLElement | null) => {
    if (!element) return;
    const current = { element, since: null as number | null };
    shown.current = current;
    setState('new');
    let timer: ReturnType<typeof setTimeout> | undefined;
    const observer = new IntersectionObserver(
      ([entry]) => {
        clearTimeout(timer);
        if (entry && entry.intersectionRatio >= WHOLE) {
          current.since ??= performance.now();
          timer = setTimeout(() => setState('ready'), SEEN_MS);
        } else {
          current.since = null;
          setState('hidden');
        }
      },
      { threshold: WHOLE },
    );
    observer.observe(element);
    return () => {
      clearTimeout(timer);
      observer.disconnect();
      if (shown.current === current) shown.current = null;
    };
  }, []);

  const refusal = useCallback((): Refusal | null => {
    const current = shown.current;
    if (!current || !isWhollyInView(current.element)) return 'hidden';
    const isSeen = current.since !== null && performance.now() - current.since >= SEEN_MS;
    return isSeen ? null : 'new';
  }, []);

  return { ref, isReady: state === 'ready', isHidden: state === 'hidden', refusal };
}
