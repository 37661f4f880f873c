/** The code of the pages, which is loaded in parts: a page must open while the gateway is away. */
import { useRouter } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useLive } from '#/live/LiveProvider';

/**
 * How long after the connection the code of the other pages is loaded, in milliseconds: once the first
 * page has what it shows, also on a slow phone.
 */
const LOAD_AFTER_MS = 3_000;

/** Takes the place of a browser's message, by which the router recognizes code that is gone. */
const NOT_LOADED = 'the gateway could not be reached';

/** Loads the code of all pages in the background, and keeps the frame if one cannot be loaded. */
export function usePageCode() {
  const router = useRouter();
  const isLive = useLive() === 'live';
  useEffect(() => {
    if (!isLive) return;
    let isOver = false;
    const timer = setTimeout(async () => {
      for (const route of Object.values(router.routesById)) {
        if (isOver) return;
        // It is loaded again when the page is opened.
        await router.loadRouteChunk(route)?.catch(() => {});
      }
    }, LOAD_AFTER_MS);
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [router, isLive]);
  useEffect(() => {
    // The router reloads the page when its code is gone, as after an upgrade of the gateway. Without a
    // connection, a reload would lead to the browser's own error page.
    if (isLive) return;
    const onFailure = (event: Event) => {
      const { payload } = event as Event & { payload?: Error };
      if (payload) payload.message = NOT_LOADED;
    };
    window.addEventListener('vite:preloadError', onFailure);
    return () => window.removeEventListener('vite:preloadError', onFailure);
  }, [isLive]);
}
