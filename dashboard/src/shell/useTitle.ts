/** Keeps the tab's title and icon up to date. */
import { useRouterState } from '@tanstack/react-router';
import { useEffect } from 'react';
import { onHeading } from '#/ui/heading';
import { showCountInIcon, titleOf } from './title';

/**
 * Shows the current page's name and the number of matters that need a human. A page without the frame passes
 * its heading.
 */
export function useTitle(count: number, own = '') {
  const path = useRouterState({ select: ({ location }) => location.pathname });
  useEffect(
    () =>
      onHeading((heading) => {
        document.title = own === '' ? titleOf(path, count, heading) : titleOf('', count, own);
      }),
    [path, count, own],
  );
  useEffect(() => showCountInIcon(count), [count]);
}
