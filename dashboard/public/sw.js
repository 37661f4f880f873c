/**
 * The service worker: shows push notifications, and opens the dashboard when one is clicked. It has no
 * `fetch` handler, so it stores nothing and every response comes from the gateway.
 */

self.addEventListener('install', () => self.skipWaiting());

self.addEventListener('push', (event) => {
  event.waitUntil(receive(event.data));
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
  const gateway = new URL('..', self.registration.scope);
  const send = (path, method, body, headers = {}) =>
    fetch(new URL(path, gateway), {
      method,
      headers: { 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  try {
    // In turn with the tabs, which use the same cookie.
    const refreshed = await self.navigator.locks.request('gaiterguard.refresh', () =>
      send('auth/refresh', 'POST', {}),
    );
    if (refreshed.status !== 200) return open(actionId);
    const { accessToken } = await refreshed.json();
    const path = `approvals/${encodeURIComponent(actionId)}/deny`;
    const authorization = { Authorization: `Bearer ${accessToken}` };
    const denied = await send(path, 'PATCH', { digest }, authorization);
    if (!denied.ok) return open(actionId);
  } catch {
    return open(actionId);
  }
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
