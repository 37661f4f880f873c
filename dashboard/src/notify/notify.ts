/** The browser's own notifications of held requests, for who asked for them. */
import type { Action } from '#/client';
import { splitTarget } from '#/text/target';
import { visibleText } from '#/text/visible';

/** Whether they come: wanted here, refused by the browser, or impossible in it. */
export type NotifyState = 'on' | 'off' | 'refused' | 'impossible';

const KEPT = 'gaiterguard.notify';
const PATH_CHARACTERS_MAX = 120;
const listeners = new Set<() => void>();

/** How they stand. */
export function notifyState(): NotifyState {
  // Browsers have them only on pages that came over HTTPS or from this machine.
  if (!('Notification' in window) || !window.isSecureContext) return 'impossible';
  if (Notification.permission === 'denied') return 'refused';
  const isWanted = localStorage.getItem(KEPT) === 'on';
  return isWanted && Notification.permission === 'granted' ? 'on' : 'off';
}

/** Told when they are switched. */
export function onNotifyState(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Switches them; the browser asks the human the first time, so it has to follow a press. */
export async function wantNotifications(isWanted: boolean): Promise<void> {
  if (isWanted && Notification.permission === 'default') await Notification.requestPermission();
  localStorage.setItem(KEPT, isWanted ? 'on' : 'off');
  for (const listener of listeners) listener();
}

/** What a notification says: who wants what, and nothing of a body or a query. */
export function notificationOf(action: Action): { title: string; body: string } {
  const path = splitTarget(action.target_url).path;
  const shown = path.length > PATH_CHARACTERS_MAX ? `${path.slice(0, PATH_CHARACTERS_MAX)}…` : path;
  return {
    title: visibleText(`${action.agent_name} waits for you`),
    body: visibleText(`${action.service_name}: ${action.method} ${shown}`),
  };
}

/** Tells of a held request, if that is wanted. Pressing it leads to the request. */
export function notify(action: Action, open: (actionId: string) => void) {
  if (notifyState() !== 'on') return;
  const { title, body } = notificationOf(action);
  // Every tab tells; those with the same tag are one.
  const notification = new Notification(title, {
    body,
    tag: action.action_id,
    icon: '/app/icon.svg',
  });
  notification.onclick = () => {
    window.focus();
    open(action.action_id);
    notification.close();
  };
}
