/** Single keys that do something on a page. */
import { useEffect, useRef } from 'react';

/** Where keys are text, or a dialog's. */
const TYPING = 'input:not([type="checkbox"]), textarea, select, [contenteditable], [role="dialog"]';

/** Calls what belongs to a key, unless the human is typing text or is in a dialog. */
export function useShortcuts(keys: Record<string, () => void>) {
  const current = useRef(keys);
  useEffect(() => {
    current.current = keys;
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
      const at = event.target instanceof Element ? event.target : null;
      if (at?.closest(TYPING)) return;
      const work = current.current[event.key];
      if (!work) return;
      event.preventDefault();
      work();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
}
