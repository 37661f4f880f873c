/** Single-key shortcuts. */
import { useEffect, useLayoutEffect, useRef } from 'react';

/** Elements in which keys are text. */
const TYPING = 'input:not([type="checkbox"]), textarea, select, [contenteditable]';

/** A dialog gets the focus a frame after it is painted, but every key is meant for it from then on. */
const DIALOG = '[role="dialog"]';

/** Handlers by key; `shift+j` for a letter with Shift, `escape` for a key with a name. */
type Shortcuts = Record<string, () => void>;

/**
 * Calls the handler for a key, unless the user is typing or a dialog is open. `releases` are called when
 * the key is released, wherever that is.
 */
export function useShortcuts(shortcuts: Shortcuts, releases: Shortcuts = {}) {
  const current = useRef({ shortcuts, releases });
  // A layout effect, since a key may arrive between painting a request and running other effects. It must act
  // on the request that is painted, not on the one before.
  useLayoutEffect(() => {
    current.current = { shortcuts, releases };
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
      const target = event.target instanceof Element ? event.target : null;
      if (target?.closest(TYPING) || document.querySelector(DIALOG)) return;
      const handler = current.current.shortcuts[keyOf(event)];
      if (!handler) return;
      event.preventDefault();
      handler();
    };
    const onRelease = (event: KeyboardEvent) =>
      current.current.releases[event.key.toLowerCase()]?.();
    document.addEventListener('keydown', onKey);
    document.addEventListener('keyup', onRelease);
    return () => {
      document.removeEventListener('keydown', onKey);
      document.removeEventListener('keyup', onRelease);
    };
  }, []);
}

/** Returns the name of a key. Other signs already differ with Shift. */
function keyOf({ key, shiftKey }: KeyboardEvent): string {
  if (key.length > 1) return key.toLowerCase();
  return shiftKey && /^[A-Z]$/.test(key) ? `shift+${key.toLowerCase()}` : key;
}
