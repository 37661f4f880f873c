/** A hint that cards can be swiped, shown once. */
import { X } from 'lucide-react';
import { useState } from 'react';

const KEPT = 'gaiterguard.swipeHint';

/** Shows the hint on touch screens until it is closed. */
export function SwipeHint() {
  const [isKnown, setIsKnown] = useState(
    () => localStorage.getItem(KEPT) === 'known' || !window.matchMedia('(pointer: coarse)').matches,
  );
  if (isKnown) return null;
  const close = () => {
    localStorage.setItem(KEPT, 'known');
    setIsKnown(true);
  };
  return (
    <p className="flex items-center gap-2 text-sm text-soft lg:hidden">
      Swipe right to approve, left to deny.
      <button
        type="button"
        aria-label="Hide this hint"
        onClick={close}
        className="flex size-8 items-center justify-center rounded-md hover:bg-raised"
      >
        <X aria-hidden className="size-4" />
      </button>
    </p>
  );
}
