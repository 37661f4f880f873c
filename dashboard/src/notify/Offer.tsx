/** Offers notifications on the page of pending requests. */
import { Bell, X } from 'lucide-react';
import { memo, useSyncExternalStore } from 'react';
import { Button } from '#/ui/Button';
import { hasDecided, notifyState, onNotifyState, wantNotifications } from './notify';

/**
 * Shows the offer until the user accepts or dismisses it. Asking the browser for the permission takes
 * longer than the rest of a key press, so it is not asked each time that the queue renders.
 */
export const Offer = memo(function Offer() {
  const isOpen = useSyncExternalStore(
    onNotifyState,
    () => notifyState() === 'off' && !hasDecided(),
  );
  if (!isOpen) return null;
  return (
    <div className="flex items-center gap-2 rounded-md border border-line bg-panel p-2 text-sm">
      <Bell aria-hidden className="size-4 shrink-0 text-soft" />
      <p className="min-w-0 flex-1">Get notified when a request needs approval.</p>
      <Button onClick={() => void wantNotifications(true)}>Turn on</Button>
      <Button
        tone="quiet"
        className="px-2"
        aria-label="Dismiss"
        onClick={() => void wantNotifications(false)}
      >
        <X aria-hidden className="size-4" />
      </Button>
    </div>
  );
});
