/**
 * Push notifications, which arrive while no page is open: this browser's subscription at its push
 * service, and its registration at the gateway.
 */
import { getPushKey, registerPushDevice, removePushDevice } from '#/client';
import { browserName } from '#/text/browser';
import { worker } from './worker';

/** Whether push notifications arrive in this browser. */
export type PushState = 'off' | 'on' | 'starting' | 'unavailable' | 'failed';

const KEPT_ID = 'gaiterguard.push-device';

/** Where the service worker finds the registration. `sw.js` has the same names. */
const KEPT = 'gaiterguard.push';
const KEPT_DEVICE = 'device';

const listeners = new Set<() => void>();
let state: PushState = 'off';

/** Returns whether push notifications arrive in this browser. */
export const pushState = (): PushState => state;

/** Returns the ID of this browser at the gateway; null if it is not registered. */
export function ownPushDevice(): number | null {
  const kept = localStorage.getItem(KEPT_ID);
  return kept === null ? null : Number(kept);
}

/** Calls `listener` when the state changes. Returns a function that stops this. */
export function onPushState(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function enter(next: PushState) {
  state = next;
  for (const listener of listeners) listener();
}

/**
 * Subscribes this browser, and registers it for the signed-in user. A browser that is registered
 * already registers again, because it belongs to the session in which it last did.
 */
export async function startPush(): Promise<void> {
  enter('starting');
  const subscription = await subscribe().catch(() => undefined);
  if (!subscription) return enter('unavailable');
  const { endpoint = '', keys = {} } = subscription.toJSON();
  try {
    const { data: device } = await registerPushDevice({
      body: {
        name: browserName(navigator.userAgent),
        endpoint,
        keys: { p256dh: keys.p256dh ?? '', auth: keys.auth ?? '' },
      },
      throwOnError: true,
    });
    localStorage.setItem(KEPT_ID, String(device.id));
    const kept = await caches.open(KEPT);
    const before = await (await kept.match(KEPT_DEVICE))?.json();
    // The one that this replaces, if the browser has another subscription. It may be another user's.
    if (before && before.id !== device.id) await removePushDevice({ path: { id: before.id } });
    const present = JSON.stringify({ id: device.id, name: device.name });
    await kept.put(KEPT_DEVICE, new Response(present));
    enter('on');
  } catch {
    enter('failed');
  }
}

/** Ends the subscription of this browser, and removes it from the gateway. */
export async function stopPush(): Promise<void> {
  const id = ownPushDevice();
  localStorage.removeItem(KEPT_ID);
  try {
    await caches.delete(KEPT);
    const registration = await worker();
    const subscription = await registration?.pushManager?.getSubscription();
    await subscription?.unsubscribe();
    if (id !== null) await removePushDevice({ path: { id } });
  } finally {
    enter('off');
  }
}

/** Returns the subscription of this browser; undefined if the browser has no push service. */
async function subscribe(): Promise<PushSubscription | undefined> {
  const registration = await worker();
  const manager = registration?.pushManager;
  if (!manager) return undefined;
  const { data } = await getPushKey({ throwOnError: true });
  const options = { userVisibleOnly: true, applicationServerKey: data.public_key };
  try {
    return await manager.subscribe(options);
  } catch (error) {
    // A subscription for another key, as after a change of the gateway's database.
    if (!(error instanceof DOMException) || error.name !== 'InvalidStateError') throw error;
    await (await manager.getSubscription())?.unsubscribe();
    return manager.subscribe(options);
  }
}
