/** Keeps the tab's title and icon up to date. */
import { useRouterState } from '@tanstack/react-router';
import { useEffect } from 'react';
import { showCountInIcon, titleOf } from './title';

/** Shows the current page's name and the number of matters that need a human. */
export function useTitle(count: number) {
  const path = useRouterState({ select: ({ location }) => location.pathname });
  useEffect(() => {
    document.title = titleOf(path, count);
  }, [path, count]);
  useEffect(() => showCountInIcon(count), [count]);
}
