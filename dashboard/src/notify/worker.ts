/** The service worker, which makes the dashboard installable and handles clicks on notifications. */
import { appPath } from '#/gateway';

const SCRIPT = appPath('sw.js');
const SCOPE = appPath('');

/** Registers the worker, where the browser has workers. */
export function registerWorker() {
  navigator.serviceWorker?.addEventListener('message', onMessage);
  // Without it, notifications need an open tab, and the dashboard cannot be installed.
  void navigator.serviceWorker?.register(SCRIPT, { scope: SCOPE }).catch(() => {});
}

/** Returns the registration of the active worker; undefined if there is none. */
export async function worker(): Promise<ServiceWorkerRegistration | undefined> {
  const registration = await navigator.serviceWorker?.getRegistration(SCOPE);
  return registration?.active ? registration : undefined;
}

/** A click on a notification: the request to open, or the queue. */
interface Click {
  actionId: string | undefined;
}

let handler: ((actionId?: string) => void) | undefined;
/** A click before the page was ready, such as while it was loading. */
let unhandled: Click | undefined;

function onMessage({ data }: MessageEvent<{ kind?: unknown; actionId?: unknown }>) {
  if (data?.kind !== 'open') return;
  const actionId = typeof data.actionId === 'string' ? data.actionId : undefined;
  if (handler) handler(actionId);
  else unhandled = { actionId };
}

/** Calls `open` for each click on a notification. Returns a function that stops this. */
export function onNotificationClick(open: (actionId?: string) => void): () => void {
  handler = open;
  if (unhandled) open(unhandled.actionId);
  unhandled = undefined;
  return () => {
    if (handler === open) handler = undefined;
  };
}
