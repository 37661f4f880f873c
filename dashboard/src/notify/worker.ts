/** The service worker, which makes the dashboard installable and handles clicks on notifications. */
import { appPath } from '#/gateway';

const SCRIPT = appPath('sw.js');
const SCOPE = appPath('');

/** Registers the worker, where the browser has workers. */
export function registerWorker() {
  // Without it, notifications need an open tab, and the dashboard cannot be installed.
  void navigator.serviceWorker?.register(SCRIPT, { scope: SCOPE }).catch(() => {});
}

/** Returns the registration of the active worker; undefined if there is none. */
export async function worker(): Promise<ServiceWorkerRegistration | undefined> {
  const registration = await navigator.serviceWorker?.getRegistration(SCOPE);
  return registration?.active ? registration : undefined;
}

/** Calls `open` for each click on a notification. Returns a function that stops this. */
export function onNotificationClick(open: (actionId?: string) => void): () => void {
  const listener = ({ data }: MessageEvent<{ kind?: unknown; actionId?: unknown }>) => {
    if (data?.kind !== 'open') return;
    open(typeof data.actionId === 'string' ? data.actionId : undefined);
  };
  navigator.serviceWorker?.addEventListener('message', listener);
  return () => navigator.serviceWorker?.removeEventListener('message', listener);
}
