/** Swiping a card to decide. */
import { type PointerEvent, useRef, useState } from 'react';

/** The direction of a swipe: right approves, left denies. */
export type Direction = 'approve' | 'deny';

/** A finger that has moved less has no direction yet. */
const BEGIN_PX = 14;
/** A swipe is at least this many times wider than it is high; anything else scrolls. */
const SIDEWAYS = 1.8;
/** A swipe counts from this share of the card's width on, but not below FAR_PX. */
const FAR_PART = 0.4;
const FAR_PX = 96;
/** A card moves no further, so that its values stay on the screen and the label next to it is whole. */
const MOVED_PX_MAX = 96;

/** A swipe in progress. */
export interface Swipe {
  direction: Direction;
  /** Whether releasing now counts. */
  isFar: boolean;
  /** Whether the whole card was visible when the finger went down; the swipe itself moves it. */
  isSeen: boolean;
}

interface Touch {
  id: number;
  x: number;
  y: number;
  isSwiping: boolean;
  isSeen: boolean;
}

/** Returns the direction of a finger, and whether releasing it where it is counts. */
function reachedBy({ clientX, currentTarget }: PointerEvent<HTMLElement>, begun: Touch) {
  const x = clientX - begun.x;
  const direction: Direction = x > 0 ? 'approve' : 'deny';
  return {
    direction,
    isFar: Math.abs(x) >= Math.max(FAR_PX, currentTarget.offsetWidth * FAR_PART),
  };
}

/** Returns the event handlers of a card, and the swipe in progress. */
export function useSwipe({
  isSeen,
  onSwipe,
}: {
  isSeen: () => boolean;
  onSwipe: (direction: Direction) => void;
}) {
  const [swipe, setSwipe] = useState<Swipe | null>(null);
  const touch = useRef<Touch | null>(null);
  const wasSwiped = useRef(false);

  const end = (element: HTMLElement) => {
    touch.current = null;
    element.style.transform = '';
    setSwipe(null);
  };
  return {
    swipe,
    handlers: {
      onPointerDown: (event: PointerEvent<HTMLElement>) => {
        wasSwiped.current = false;
        if (event.pointerType !== 'touch') return;
        // Two fingers are another gesture.
        touch.current = event.isPrimary
          ? {
              id: event.pointerId,
              x: event.clientX,
              y: event.clientY,
              isSwiping: false,
              isSeen: isSeen(),
            }
          : null;
      },
      onPointerMove: (event: PointerEvent<HTMLElement>) => {
        const begun = touch.current;
        if (begun?.id !== event.pointerId) return;
        const x = event.clientX - begun.x;
        const y = event.clientY - begun.y;
        if (!begun.isSwiping) {
          if (Math.max(Math.abs(x), Math.abs(y)) < BEGIN_PX) return;
          if (Math.abs(x) < SIDEWAYS * Math.abs(y)) {
            touch.current = null;
            return;
          }
          begun.isSwiping = true;
          wasSwiped.current = true;
          event.currentTarget.setPointerCapture(event.pointerId);
        }
        const moved = Math.sign(x) * Math.min(Math.abs(x), MOVED_PX_MAX);
        event.currentTarget.style.transform = `translateX(${moved}px)`;
        const { direction, isFar } = reachedBy(event, begun);
        setSwipe((before) =>
          before?.direction === direction && before.isFar === isFar
            ? before
            : { direction, isFar, isSeen: begun.isSeen },
        );
      },
      onPointerUp: (event: PointerEvent<HTMLElement>) => {
        const begun = touch.current;
        const isOurs = begun?.id === event.pointerId && begun.isSwiping;
        // The finger may have moved since the label was rendered.
        const reached = begun && reachedBy(event, begun);
        end(event.currentTarget);
        if (!isOurs || !swipe?.isFar || !swipe.isSeen) return;
        if (reached?.isFar && reached.direction === swipe.direction) onSwipe(swipe.direction);
      },
      // The browser uses the finger for scrolling.
      onPointerCancel: (event: PointerEvent<HTMLElement>) => end(event.currentTarget),
      onClickCapture: (event: { preventDefault: () => void; stopPropagation: () => void }) => {
        if (!wasSwiped.current) return;
        wasSwiped.current = false;
        event.preventDefault();
        event.stopPropagation();
      },
    },
  };
}
