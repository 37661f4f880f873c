/** Browser notifications: whether they are on, and showing them. */
import { appPath } from '#/gateway';
import type { Notice } from './notice';
import { startPush, stopPush } from './push';
import { worker } from './worker';

/** Whether notifications are on, off, blocked by the browser, or unavailable. */
export type NotifyState = 'on' | 'off' | 'refused' | 'impossible';

const KEPT = 'gaiterguard.notify';
const ICON = appPath('icon-192.png');
const listeners = new Set<() => void>();

/** Returns whether notifications are on. */
export function notifyState(): NotifyState {
  // Browsers allow notifications only in secure contexts.
  if (!('Notification' in window) || !window.isSecureContext) return 'impossible';
  if (Notification.permission === 'denied') return 'refused';
  const isWanted = localStorage.getItem(KEPT) === 'on';
  return isWanted && Notification.permission === 'granted' ? 'on' : 'off';
}

/** Returns whether the user has ever turned notifications on or off, or dismissed the offer. */
export function hasDecided(): boolean {
  return localStorage.getItem(KEPT) !== null;
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
  await keepPush();
}

/** Makes push notifications arrive in this browser while notifications are on. */
export async function keepPush(): Promise<void> {
  // In turn, also with other tabs: a registration that is on its way must not follow a removal. Browsers without
  // locks have no secure context, and so no push notifications.
  await navigator.locks
    ?.request('gaiterguard.push', () => (notifyState() === 'on' ? startPush() : stopPush()))
    .catch(() => {});
}

/** Shows a notification, if they are on. Clicking it opens the request. */
export async function show(notice: Notice, open: (actionId?: string) => void): Promise<void> {
  if (notifyState() !== 'on') return;
  const { title, actionId, ...rest } = notice;
  const options = { ...rest, icon: ICON, data: { actionId } };
  // Browsers on phones show notifications only for a worker, which handles the click.
  const registration = await worker();
  if (registration) return registration.showNotification(title, options);
  let notification: Notification;
  try {
    notification = new Notification(title, options);
  } catch {
    // A phone's browser without a worker has no way to show one.
    return;
  }
  notification.onclick = () => {
    window.focus();
    open(actionId);
    notification.close();
  };
}
