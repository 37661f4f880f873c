/** Which rows of a table have been on the screen, from their beginning to their end. */
import { type RefObject, useEffect, useRef } from 'react';
import { SEEN_MS } from './useSubject';

/** How often the rows are measured, in milliseconds: a row that is scrolled past faster was not seen. */
const EVERY_MS = 100;

/** Rounding decides whether a row ends within this many pixels. */
const TOLERANCE_PX = 1;

/**
 * Reports each row (`data-row`) once its beginning has been in view, and its end for as long as it takes to perceive it.
 * What `bar` covers is not in view.
 */
export function useSeen(
  rows: RefObject<HTMLElement | null>,
  bar: RefObject<HTMLElement | null>,
  seen: ReadonlySet<string>,
  onSeen: (ids: readonly string[]) => void,
) {
  const current = useRef({ seen, onSeen });
  useEffect(() => {
    current.current = { seen, onSeen };
  });
  useEffect(() => {
    const begun = new Set<string>();
    const since = new Map<string, number>();
    const measure = () => {
      if (document.visibilityState !== 'visible' || !rows.current) return;
      const page = getComputedStyle(document.documentElement);
      const top = Number.parseFloat(page.scrollPaddingTop) || 0;
      const bottom = bar.current?.getBoundingClientRect().top ?? window.innerHeight;
      const isIn = (y: number) => y >= Math.min(top, bottom) - 16 && y <= bottom + TOLERANCE_PX;
      const found: string[] = [];
      for (const row of rows.current.querySelectorAll<HTMLElement>('[data-row]')) {
        const id = row.dataset.row;
        if (id === undefined || current.current.seen.has(id)) continue;
        const box = row.getBoundingClientRect();
        if (isIn(box.top)) begun.add(id);
        if (!isIn(box.bottom) || !begun.has(id)) {
          since.delete(id);
          continue;
        }
        const start = since.get(id) ?? performance.now();
        since.set(id, start);
        if (performance.now() - start >= SEEN_MS) found.push(id);
      }
      if (found.length > 0) current.current.onSeen(found);
    };
    const timer = setInterval(measure, EVERY_MS);
    return () => clearInterval(timer);
  }, [rows, bar]);
}
