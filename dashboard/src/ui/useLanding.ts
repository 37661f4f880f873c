/** The part of a page that a link names after `#`. */
import { useRouterState } from '@tanstack/react-router';
import { useCallback } from 'react';

/**
 * Returns a ref for the element that links name `id`. It comes into view and takes the focus once it is
 * on the page, which may be after its data has arrived.
 */
export function useLanding(id: string | undefined): (element: HTMLElement | null) => void {
  const isNamed = useRouterState({ select: ({ location }) => location.hash === id });
  return useCallback(
    (element) => {
      if (!element || !isNamed) return;
      element.scrollIntoView();
      element.focus({ preventScroll: true });
    },
    [isNamed],
  );
}
