/** Whether an element has been on the screen or close to it, for content that is fetched only then. */
import { type RefObject, useEffect, useRef, useState } from 'react';

/** How far from the screen an element counts as close, as a margin in CSS. */
const MARGIN = '300px';

/** Returns the ref of the element, and whether it has been near. */
export function useHasBeenNear<Tag extends Element>(): [RefObject<Tag | null>, boolean] {
  const element = useRef<Tag>(null);
  const [hasBeenNear, setHasBeenNear] = useState(false);
  useEffect(() => {
    if (hasBeenNear || !element.current) return;
    const observer = new IntersectionObserver(
      (entries) => entries.some(({ isIntersecting }) => isIntersecting) && setHasBeenNear(true),
      { rootMargin: MARGIN },
    );
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [hasBeenNear]);
  return [element, hasBeenNear];
}
