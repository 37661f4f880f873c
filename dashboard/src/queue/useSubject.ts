/**
 * The subject of a decision: the element that names the request. Each way to decide checks first that
 * the subject is in view, at the moment of the press.
 */
import { type RefCallback, useCallback, useRef, useState } from 'react';
import { isWhollyInView } from './inView';

/**
 * How long a subject must have been in view before a decision is accepted, in milliseconds. An earlier
 * press was meant for the previous subject: choosing between two known alternatives takes a human
 * about 400 ms, and a double click or double tap ends within 500 ms.
 */
export const SEEN_MS = 600;

/** The share of the subject that must be visible; less than 1 because of rounding. */
const WHOLE = 0.99;

/** Why a press was not accepted. */
export type Rejection = 'hidden' | 'new';

/** The subject on the screen. */
export interface Subject {
  /** Ref of the element with the title and the target, and nothing else. */
  ref: RefCallback<HTMLElement>;
  /** Whether a press is likely to be accepted; for the appearance of buttons. */
  isReady: boolean;
  /** Whether the subject has scrolled out of view; for the hint. */
  isHidden: boolean;
  /** Measures whether a decision is accepted now. Returns null if it is, otherwise the reason. */
  rejection: () => Rejection | null;
}

/** Observes the subject. A new element is a new subject. */
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

  const rejection = useCallback((): Rejection | null => {
    const current = shown.current;
    if (!current || !isWhollyInView(current.element)) return 'hidden';
    const isSeen = current.since !== null && performance.now() - current.since >= SEEN_MS;
    return isSeen ? null : 'new';
  }, []);

  return { ref, isReady: state === 'ready', isHidden: state === 'hidden', rejection };
}
