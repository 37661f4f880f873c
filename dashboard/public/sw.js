/**
 * The service worker: opens the dashboard when a notification is clicked. It has no `fetch` handler, so
 * it stores nothing and every response comes from the gateway.
 */

self.addEventListener('install', () => self.skipWaiting());

self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data?.actionId));
});

async function open(actionId) {
  const windows = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const own = windows.filter(({ url }) => url.startsWith(self.registration.scope));
  const page = own.find(({ visibilityState }) => visibilityState === 'visible') ?? own[0];
  if (page) {
    page.postMessage({ kind: 'open', actionId });
    await page.focus();
    return;
  }
  const query = actionId === undefined ? '' : `?action=${encodeURIComponent(actionId)}`;
  await self.clients.openWindow(`${self.registration.scope}${query}`);
}
