/** Asks for the browser's notifications, or puts an end to them. */
import { Bell, BellOff } from 'lucide-react';
import { useSyncExternalStore } from 'react';
import { Button } from '#/ui/Button';
import { notifyState, onNotifyState, wantNotifications } from './notify';

/** The button, and why there is none where there cannot be one. */
export function NotifySwitch() {
  const state = useSyncExternalStore(onNotifyState, notifyState);
  if (state === 'impossible') {
    return (
      <p className="text-sm text-soft">
        Your browser can notify you only on a page that came over HTTPS or from this machine.
      </p>
    );
  }
  if (state === 'refused') {
    return (
      <p className="text-sm text-soft">
        Your browser has been told not to show notifications of this page. Allow them beside its
        address, then load it again.
      </p>
    );
  }
  const isOn = state === 'on';
  return (
    <Button onClick={() => void wantNotifications(!isOn)}>
      {isOn ? <BellOff aria-hidden className="size-4" /> : <Bell aria-hidden className="size-4" />}
      {isOn ? 'Stop notifying me' : 'Notify me of held requests'}
    </Button>
  );
}
