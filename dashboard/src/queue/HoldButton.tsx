/** A button that acts once it has been held for a second. */
import { type KeyboardEvent, useRef } from 'react';
import { Button } from '#/ui/Button';

/** The radius at which the ring's circumference is 100. */
const RADIUS = 15.9155;

/**
 * Shows the button, with a ring that closes while it is held. A short press, and the click of an
 * assistive technology, which cannot hold, call `onShortPress`.
 */
export function HoldButton({
  ref,
  label,
  isHolding,
  isBusy,
  isDisabled,
  onBegin,
  onEnd,
  onShortPress,
}: {
  ref: React.Ref<HTMLButtonElement>;
  label: string;
  isHolding: boolean;
  isBusy: boolean;
  isDisabled: boolean;
  onBegin: () => void;
  /** Ends the hold. Returns whether it was too short. */
  onEnd: () => boolean;
  onShortPress: () => void;
}) {
  // A completed hold is followed by a click, which must not count as another press.
  const wasHeld = useRef(false);
  const begin = () => {
    wasHeld.current = true;
    onBegin();
  };
  const cancel = () => {
    wasHeld.current = false;
    onEnd();
  };
  const isPressKey = ({ key }: KeyboardEvent) => key === 'Enter' || key === ' ';
  return (
    <Button
      ref={ref}
      isBusy={isBusy}
      disabled={isBusy}
      aria-disabled={isDisabled}
      aria-description="Hold for a second, or press and confirm."
      onPointerDown={(event) => {
        if (event.button === 0) begin();
      }}
      onPointerUp={() => {
        if (onEnd()) wasHeld.current = false;
      }}
      onPointerLeave={cancel}
      onPointerCancel={cancel}
      onContextMenu={(event) => event.preventDefault()}
      onKeyDown={(event) => {
        if (!isPressKey(event)) return;
        event.preventDefault();
        if (!event.repeat) begin();
      }}
      onKeyUp={(event) => {
        if (!isPressKey(event)) return;
        event.preventDefault();
        wasHeld.current = false;
        if (onEnd()) onShortPress();
      }}
      onBlur={onEnd}
      onClick={() => {
        if (!wasHeld.current) onShortPress();
        wasHeld.current = false;
      }}
      className="min-h-12 flex-[1.4] px-2! whitespace-nowrap touch-manipulation select-none"
    >
      <svg aria-hidden viewBox="0 0 36 36" className="size-5 -rotate-90 motion-reduce:hidden">
        <circle
          cx="18"
          cy="18"
          r={RADIUS}
          fill="none"
          strokeWidth="4"
          className="stroke-(--line)"
        />
        <circle
          cx="18"
          cy="18"
          r={RADIUS}
          fill="none"
          strokeWidth="4"
          strokeDasharray="100"
          className={`stroke-(--brand) ease-linear ${isHolding ? 'transition-[stroke-dashoffset] duration-1000 [stroke-dashoffset:0]' : '[stroke-dashoffset:100]'}`}
        />
      </svg>
      {isHolding ? 'Keep holding…' : label}
    </Button>
  );
}
