/** Where the focus goes when the selection changes by a decision or a key. */
import { useEffect, useMemo, useRef } from 'react';
import { isWide } from './media';
import { SUBJECT } from './SelectedAction';
import { LATEST_TOAST } from './Toasts';

/** Announces why the selection is about to change. */
export interface FocusAfter {
  /** A decision was made: the focus goes to the next request, else to the notice. Never to Approve. */
  decision: () => void;
  /** A key moves through the list: the entry comes into view, and takes the focus if another had it. */
  move: () => void;
}

/** Moves the focus once the new selection is on the page. */
export function useFocusAfter(selectedId: string | undefined): FocusAfter {
  const cause = useRef<'decision' | 'move' | null>(null);
  useEffect(() => {
    const why = cause.current;
    cause.current = null;
    if (why === null) return;
    const entry = document.querySelector<HTMLElement>(`[data-entry="${selectedId}"]`);
    entry?.scrollIntoView({ block: 'nearest' });
    const focused = document.activeElement;
    // A user who types elsewhere keeps the focus.
    const isFree = focused === null || focused === document.body;
    const isOurs = focused?.closest('article, [data-entry]') != null;
    if (why === 'move' ? !focused?.closest('[data-entry]') : !isFree && !isOurs) return;
    const next = isWide() ? entry : document.getElementById(SUBJECT);
    const target = selectedId === undefined ? null : next;
    (target ?? document.getElementById(LATEST_TOAST))?.focus({ preventScroll: true });
  }, [selectedId]);
  return useMemo(
    () => ({
      decision: () => {
        cause.current = 'decision';
      },
      move: () => {
        cause.current = 'move';
      },
    }),
    [],
  );
}

/** Moves the focus to the selected request once the table, which had it, is closed. */
export function useFocusAfterTable(isTable: boolean) {
  const wasTable = useRef(isTable);
  useEffect(() => {
    if (wasTable.current && !isTable && document.activeElement === document.body) {
      const entry = document.querySelector<HTMLElement>('[data-entry][aria-current]');
      (isWide() ? entry : document.getElementById(SUBJECT))?.focus({ preventScroll: true });
    }
    wasTable.current = isTable;
  }, [isTable]);
}
