/** The keyboard's focus, when the element that has it is removed. */
import { useEffect } from 'react';

/**
 * How long a component has to move the focus itself, in milliseconds, for example a dialog that closes.
 * Shorter than the time to the next press of a key.
 */
const OWN_MS = 60;

/**
 * Moves the focus to the nearest part of the page that is left when the focused element is removed, so
 * that the next press of Tab continues there and not at the beginning of the page. After a link to another
 * page, this is the content of that page.
 */
export function useKeptFocus() {
  useEffect(() => {
    let path: HTMLElement[] = [];
    const onFocus = ({ target }: FocusEvent) => {
      const within = pathOf(target);
      // A dialog is outside of the content and gives the focus back to what opened it.
      if (within.some(({ id }) => id === 'content')) path = within;
    };
    let timer: ReturnType<typeof setTimeout> | undefined;
    const isLost = () => document.activeElement === document.body && path[0]?.isConnected === false;
    const observer = new MutationObserver(() => {
      if (timer !== undefined || !isLost()) return;
      timer = setTimeout(() => {
        timer = undefined;
        if (isLost()) focus(path.find(({ isConnected }) => isConnected));
      }, OWN_MS);
    });
    document.addEventListener('focusin', onFocus);
    observer.observe(document.body, { childList: true, subtree: true });
    return () => {
      document.removeEventListener('focusin', onFocus);
      observer.disconnect();
      clearTimeout(timer);
    };
  }, []);
}

/** Returns an element and those that contain it, the innermost first. */
function pathOf(target: EventTarget | null): HTMLElement[] {
  const path: HTMLElement[] = [];
  for (
    let element = target instanceof HTMLElement ? target : null;
    element !== null && element !== document.body;
    element = element.parentElement
  ) {
    path.push(element);
  }
  return path;
}

function focus(element: HTMLElement | undefined) {
  if (!element) return;
  if (!element.hasAttribute('tabindex')) element.tabIndex = -1;
  element.focus({ preventScroll: true });
}
