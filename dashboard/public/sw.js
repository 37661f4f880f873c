/**
 * The service worker: shows push notifications, opens the dashboard when one is clicked, and subscribes again when
 * the browser ends the subscription. It has no `fetch` handler, so every response comes from the gateway.
 */

/** Where the dashboard keeps the registration of this browser. `notify/push.ts` has the same names. */
const KEPT = 'gaiterguard.push';
const KEPT_DEVICE = 'device';

self.addEventListener('install', () => self.skipWaiting());

self.addEventListener('push', (event) => {
  event.waitUntil(receive(event.data));
});

self.addEventListener('pushsubscriptionchange', (event) => {
  event.waitUntil(resubscribe(event.newSubscription));
});

self.addEventListener('notificationclick', (event) => {
  const { actionId, digest } = event.notification.data ?? {};
  event.notification.close();
  event.waitUntil(event.action === 'deny' ? deny(actionId, digest) : open(actionId));
});

/** Shows what the gateway sent. Browsers demand a notification for each message. */
async function receive(data) {
  let notice;
  try {
    notice = data.json();
  } catch {
    notice = { title: 'GaiterGuard', body: 'Open the queue.', tag: 'unreadable' };
  }
  const { title, body, tag, closes, action_id: actionId, digest, asks, silent, waiting } = notice;
  await showCount(waiting);
  const isGroup = tag.startsWith('group ');
  for (const each of await self.registration.getNotifications()) {
    // A page that is open may have put the same requests into another group, or shown more of them.
    const isOutdated =
      each.tag === closes || (isGroup ? each.tag.startsWith('group ') : isSettled(each, waiting));
    if (isOutdated && each.tag !== tag) each.close();
  }
  // Someone who is looking at the dashboard sees there how a request ended.
  if (silent && (await pages()).some(({ visibilityState }) => visibilityState === 'visible')) {
    for (const each of await self.registration.getNotifications({ tag })) each.close();
    return;
  }
  await self.registration.showNotification(title, {
    body,
    tag,
    silent: silent === true,
    // An escalation or a reminder takes the place of the first notification, and must be heard too.
    renotify: silent !== true,
    requireInteraction: asks === true,
    icon: 'icon-192.png',
    data: { actionId, digest },
    actions: [
      ...(actionId === undefined ? [] : [{ action: 'open', title: 'Open' }]),
      // There is no button that approves: that takes a look at the whole request.
      ...(digest === undefined ? [] : [{ action: 'deny', title: 'Deny' }]),
    ],
  });
}

/** Whether a notification asks for decisions although nothing waits. */
function isSettled({ tag }, waiting) {
  return waiting === 0 && (tag.startsWith('group ') || tag.endsWith(' held'));
}

/** Shows how many requests wait in the icon of an installed dashboard. */
async function showCount(waiting) {
  if (typeof waiting !== 'number') return;
  try {
    await (waiting > 0 ? self.navigator.setAppBadge?.(waiting) : self.navigator.clearAppBadge?.());
  } catch {
    // Only an installed dashboard has an icon to count in.
  }
}

/** Denies a request in the session of this browser; opens it if that fails, so that nobody is misled. */
async function deny(actionId, digest) {
  try {
    const call = await session();
    const path = `approvals/${encodeURIComponent(actionId)}/deny`;
    const denied = await call?.('PATCH', path, { digest });
    if (!denied?.ok) return open(actionId);
  } catch {
    return open(actionId);
  }
}

/**
 * Subscribes again after the browser or its push service ended the subscription, and registers the new one in place
 * of the old one. Without a session, the dashboard does so when it is opened next.
 */
async function resubscribe(subscribed) {
  const kept = await keptDevice();
  // Notifications are off.
  if (!kept) return;
  const call = await session();
  if (!call) return;
  const subscription = subscribed ?? (await subscribe(call));
  const { endpoint, keys } = subscription.toJSON();
  const { p256dh, auth } = keys;
  const body = { name: kept.name, endpoint, keys: { p256dh, auth } };
  const registered = await call('POST', 'push-devices', body);
  if (!registered.ok) return;
  const { id } = await registered.json();
  if (id !== kept.id) await call('DELETE', `push-devices/${kept.id}`);
  await keepDevice({ ...kept, id });
}

async function subscribe(call) {
  const { public_key: applicationServerKey } = await (await call('GET', 'push-key')).json();
  return self.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey });
}

/** Returns the registration of this browser, which the dashboard keeps where this worker can read it, too. */
async function keptDevice() {
  const kept = await (await caches.open(KEPT)).match(KEPT_DEVICE);
  return kept?.json();
}

async function keepDevice(device) {
  await (await caches.open(KEPT)).put(KEPT_DEVICE, new Response(JSON.stringify(device)));
}

/** Returns a function that calls the gateway in the session of this browser; undefined if there is none. */
async function session() {
  const gateway = new URL('..', self.registration.scope);
  const send = (method, path, body, headers = {}) =>
    fetch(new URL(path, gateway), {
      method,
      headers: { 'Content-Type': 'application/json', ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  // In turn with the tabs, which use the same cookie.
  const refreshed = await self.navigator.locks.request('gaiterguard.refresh', () =>
    send('POST', 'auth/refresh', {}),
  );
  if (refreshed.status !== 200) return undefined;
  const { accessToken } = await refreshed.json();
  const authorization = { Authorization: `Bearer ${accessToken}` };
  return (method, path, body) => send(method, path, body, authorization);
}

async function pages() {
  const windows = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  return windows.filter(({ url }) => url.startsWith(self.registration.scope));
}

async function open(actionId) {
  const own = await pages();
  const page = own.find(({ visibilityState }) => visibilityState === 'visible') ?? own[0];
  if (page) {
    page.postMessage({ kind: 'open', actionId });
    await page.focus();
    return;
  }
  const query = actionId === undefined ? '' : `?action=${encodeURIComponent(actionId)}`;
  await self.clients.openWindow(`${self.registration.scope}${query}`);
}
