/** A card that is pushed aside by a finger. */
import { type PointerEvent, useRef, useState } from 'react';

/** Where a card is pushed to: right approves, left denies. */
export type Direction = 'approve' | 'deny';

/** A finger that has moved less has not said where it goes. */
const BEGIN_PX = 14;
/** Sideways means at least this much more sideways than up or down; all else scrolls. */
const SIDEWAYS = 1.8;
/** A push counts from this part of the card's width on, and from so many pixels. */
const FAR_PART = 0.4;
const FAR_PX = 96;

/** A push that has begun. */
export interface Push {
  direction: Direction;
  /** Whether letting go now counts. */
  isFar: boolean;
  /** Whether the whole card could be seen when the finger went down: the push itself moves it. */
  isSeen: boolean;
}

interface Touch {
  id: number;
  x: number;
  y: number;
  isPushing: boolean;
  isSeen: boolean;
}

/** What a card needs for being pushed, and how the push stands. */
export function useSwipe({
  isSeen,
  onSwipe,
}: {
  isSeen: () => boolean;
  onSwipe: (direction: Direction) => void;
}) {
  const [push, setPush] = useState<Push | null>(null);
  const touch = useRef<Touch | null>(null);
  const wasPushed = useRef(false);

  const end = (element: HTMLElement) => {
    touch.current = null;
    element.style.transform = '';
    setPush(null);
  };
  return {
    push,
    handlers: {
      onPointerDown: (event: PointerEvent<HTMLElement>) => {
        wasPushed.current = false;
        if (event.pointerType !== 'touch') return;
        // A second finger means something else.
        touch.current = event.isPrimary
          ? {
              id: event.pointerId,
              x: event.clientX,
              y: event.clientY,
              isPushing: false,
              isSeen: isSeen(),
            }
          : null;
      },
      onPointerMove: (event: PointerEvent<HTMLElement>) => {
        const begun = touch.current;
        if (begun?.id !== event.pointerId) return;
        const x = event.clientX - begun.x;
        const y = event.clientY - begun.y;
        if (!begun.isPushing) {
          if (Math.max(Math.abs(x), Math.abs(y)) < BEGIN_PX) return;
          if (Math.abs(x) < SIDEWAYS * Math.abs(y)) {
            touch.current = null;
            return;
          }
          begun.isPushing = true;
          wasPushed.current = true;
          event.currentTarget.setPointerCapture(event.pointerId);
        }
        const far = Math.max(FAR_PX, event.currentTarget.offsetWidth * FAR_PART);
        event.currentTarget.style.transform = `translateX(${x}px)`;
        const direction = x > 0 ? 'approve' : 'deny';
        const isFar = Math.abs(x) >= far;
        setPush((before) =>
          before?.direction === direction && before.isFar === isFar
            ? before
            : { direction, isFar, isSeen: begun.isSeen },
        );
      },
      onPointerUp: (event: PointerEvent<HTMLElement>) => {
        const isOurs = touch.current?.id === event.pointerId && touch.current.isPushing;
        end(event.currentTarget);
        if (isOurs && push?.isFar && push.isSeen) onSwipe(push.direction);
      },
      // The browser took the finger for scrolling.
      onPointerCancel: (event: PointerEvent<HTMLElement>) => end(event.currentTarget),
      onClickCapture: (event: { preventDefault: () => void; stopPropagation: () => void }) => {
        if (!wasPushed.current) return;
        wasPushed.current = false;
        event.preventDefault();
        event.stopPropagation();
      },
    },
  };
}
