/** Browser notifications of held requests. */
import type { Action } from '#/client';
import { splitTarget } from '#/text/target';
import { visibleText } from '#/text/visible';

/** Whether notifications are on, off, blocked by the browser, or unavailable. */
export type NotifyState = 'on' | 'off' | 'refused' | 'impossible';

const KEPT = 'gaiterguard.notify';
const PATH_CHARACTERS_MAX = 120;
const listeners = new Set<() => void>();

/** Returns whether notifications are on. */
export function notifyState(): NotifyState {
  // Browsers allow notifications only in secure contexts.
  if (!('Notification' in window) || !window.isSecureContext) return 'impossible';
  if (Notification.permission === 'denied') return 'refused';
  const isWanted = localStorage.getItem(KEPT) === 'on';
  return isWanted && Notification.permission === 'granted' ? 'on' : 'off';
}

/** Calls `listener` when notifications are turned on or off. Returns a function that stops this. */
export function onNotifyState(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/**
 * Turns notifications on or off. The first time, the browser asks, which it allows only after a
 * click.
 */
export async function wantNotifications(isWanted: boolean): Promise<void> {
  if (isWanted && Notification.permission === 'default') await Notification.requestPermission();
  localStorage.setItem(KEPT, isWanted ? 'on' : 'off');
  for (const listener of listeners) listener();
}

/** Returns the text of a notification. It never includes a query or a body. */
export function notificationOf(action: Action): { title: string; body: string } {
  const path = splitTarget(action.target_url).path;
  const shown = path.length > PATH_CHARACTERS_MAX ? `${path.slice(0, PATH_CHARACTERS_MAX)}…` : path;
  return {
    title: visibleText(`${action.agent_name} requests approval`),
    body: visibleText(`${action.service_name}: ${action.method} ${shown}`),
  };
}

/**
 * Shows a notification of a held request, if notifications are on. Clicking it opens the request.
 */
export function notify(action: Action, open: (actionId: string) => void) {
  if (notifyState() !== 'on') return;
  const { title, body } = notificationOf(action);
  // Every tab notifies; the browser merges notifications with the same tag.
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
