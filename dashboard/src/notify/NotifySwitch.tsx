/** Turns browser notifications on and off. */
import { Bell, BellOff } from 'lucide-react';
import { useSyncExternalStore } from 'react';
import { Button } from '#/ui/Button';
import { notifyState, onNotifyState, wantNotifications } from './notify';
import { onPushState, type PushState, pushState } from './push';

/** Descriptions of turned-on notifications, by the state of push. */
const PUSH_TEXTS: Readonly<Partial<Record<PushState, string>>> = {
  on: 'They arrive while GaiterGuard is closed, too.',
  starting: 'Connecting to the browser’s push service…',
  unavailable:
    'This browser has no push service, so they are shown only while GaiterGuard is open.',
  failed: 'This browser could not be registered, so they are shown only while GaiterGuard is open.',
};

/** Shows the button, or why notifications are unavailable. */
export function NotifySwitch() {
  const state = useSyncExternalStore(onNotifyState, notifyState);
  const push = useSyncExternalStore(onPushState, pushState);
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
    <>
      <Button onClick={() => void wantNotifications(!isOn)}>
        {isOn ? (
          <BellOff aria-hidden className="size-4" />
        ) : (
          <Bell aria-hidden className="size-4" />
        )}
        {isOn ? 'Turn off notifications' : 'Turn on notifications'}
      </Button>
      {isOn && PUSH_TEXTS[push] !== undefined && (
        <p className="mt-2 text-sm text-soft" role="status">
          {PUSH_TEXTS[push]}
        </p>
      )}
    </>
  );
}
