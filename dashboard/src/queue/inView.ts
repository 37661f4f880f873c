/** Visibility of elements, measured at the moment of the call. */

/** Distance between the points tested for being covered, in pixels: less than a line of text. */
const STEP_PX = 12;
/**
 * Points this close to an edge are not tested, because rounding decides whether they are inside.
 */
const EDGE_PX = 2;

/** Returns whether the whole element is on the screen and nothing covers it. */
export function isWhollyInView(element: Element): boolean {
  if (document.visibilityState !== 'visible') return false;
  const box = element.getBoundingClientRect();
  if (box.width <= 2 * EDGE_PX || box.height <= 2 * EDGE_PX) return false;
  if (!isInside(box, screenBox())) return false;
  for (const y of steps(box.top, box.bottom)) {
    for (const x of steps(box.left, box.right)) {
      const top = document.elementFromPoint(x, y);
      if (top === null || !element.contains(top)) return false;
    }
  }
  return true;
}

interface Box {
  top: number;
  right: number;
  bottom: number;
  left: number;
}

/**
 * Returns the visible part of the page: smaller than the window while a phone is zoomed in or its
 * keyboard is open.
 */
function screenBox(): Box {
  const view = window.visualViewport;
  const left = view?.offsetLeft ?? 0;
  const top = view?.offsetTop ?? 0;
  return {
    left,
    top,
    right: left + (view?.width ?? window.innerWidth),
    bottom: top + (view?.height ?? window.innerHeight),
  };
}

/** Half a pixel of tolerance: layouts have fractions of pixels. */
function isInside(box: Box, screen: Box): boolean {
  return (
    box.top >= screen.top - 0.5 &&
    box.left >= screen.left - 0.5 &&
    box.bottom <= screen.bottom + 0.5 &&
    box.right <= screen.right + 0.5
  );
}

function steps(from: number, to: number): number[] {
  const first = from + EDGE_PX;
  const last = to - EDGE_PX;
  const count = Math.max(1, Math.ceil((last - first) / STEP_PX));
  return Array.from({ length: count + 1 }, (_, at) => first + ((last - first) * at) / count);
}
