/** The heading of the page, for the title of its tab. */
import { useEffect } from 'react';

let shown = '';
const listeners = new Set<(text: string) => void>();

/** Publishes the heading; an empty text while the page lacks one. */
export function showHeading(text: string) {
  if (text === shown) return;
  shown = text;
  for (const listener of listeners) listener(text);
}

/** Publishes a heading that is not the one on the page, which would be too long. */
export function useHeading(text: string) {
  useEffect(() => {
    showHeading(text);
    return () => showHeading('');
  }, [text]);
}

/** Calls `listener` with the heading and each change of it. Returns a function that stops this. */
export function onHeading(listener: (text: string) => void): () => void {
  listeners.add(listener);
  listener(shown);
  return () => listeners.delete(listener);
}
