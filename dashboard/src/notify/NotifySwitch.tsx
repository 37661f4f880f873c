/** Turns browser notifications on and off. */
import { Bell, BellOff } from 'lucide-react';
import { useSyncExternalStore } from 'react';
import { Button } from '#/ui/Button';
import { notifyState, onNotifyState, wantNotifications } from './notify';

/** Shows the button, or why notifications are unavailable. */
export function NotifySwitch() {
  const state = useSyncExternalStore(onNotifyState, notifyState);
  if (state === 'impossible') {
    return (
      <p className="text-sm text-soft">Notifications need HTTPS, or a gateway on this machine.</p>
    );
  }
  if (state === 'refused') {
    return (
      <p className="text-sm text-soft">
        Notifications are blocked for this site. Allow them in your browser’s site settings, then
        reload the page.
      </p>
    );
  }
  const isOn = state === 'on';
  return (
    <Button onClick={() => void wantNotifications(!isOn)}>
      {isOn ? <BellOff aria-hidden className="size-4" /> : <Bell aria-hidden className="size-4" />}
      {isOn ? 'Turn off notifications' : 'Turn on notifications'}
    </Button>
  );
}
