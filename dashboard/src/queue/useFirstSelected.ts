/** Selects a request where list and request are side by side and none is selected. */
import { useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';
import { afterPaint } from '#/ui/afterPaint';
import { isWide } from './media';

/**
 * Selects the first request in place of none, and of one that the view hides. One that the URL names is
 * not replaced.
 */
export function useFirstSelected({
  selectedId,
  isFilteredOut,
  firstId,
  isTable,
}: {
  selectedId: string | undefined;
  isFilteredOut: boolean;
  firstId: string | undefined;
  isTable: boolean;
}) {
  const navigate = useNavigate();
  useEffect(() => {
    if (!isWide() || isTable || (selectedId && !isFilteredOut) || firstId === selectedId) return;
    // The list is painted first, because the details of a request take as long again.
    return afterPaint(
      () =>
        void navigate({
          to: '/',
          // A request that was clicked in these frames stays selected.
          search: (before) =>
            before.action === selectedId ? { ...before, action: firstId } : before,
          replace: true,
          resetScroll: false,
        }),
    );
  }, [selectedId, isFilteredOut, firstId, isTable, navigate]);
}
