/**
 * Push notifications on a phone. The push service of the browser's maker is not reachable for tests, so its
 * part is played: a local push service gets what the gateway sends, and what the browser would decrypt is
 * given to the real service worker.
 */
import type { CDPSession, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { approve, Stage } from './page';
import { PushService, Subscription } from './push';

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

let stage: Stage;
let pushService: PushService;
let subscription: Subscription;
let phone: Page;
let protocol: CDPSession;
let registrationId: string;
let service: number;
let key: string;

beforeAll(async () => {
  pushService = await PushService.start();
  subscription = new Subscription(pushService, '/phone');
  stage = await Stage.start({
    UPSTREAM_PRIVATE_ALLOW: '127.0.0.0/8,::1/128',
    UPSTREAM_CA_FILE: pushService.certificate,
  });
  await stage.signIn();
  service = await stage.service('things');
  key = (await stage.agent('assistant', [service])).key;
  phone = await stage.another(PHONE);
  await phone.context().grantPermissions(['notifications']);
  // The subscription that the browser's push service would return.
  await phone.addInitScript((made) => {
    PushManager.prototype.subscribe = async () => {
      sessionStorage.setItem('subscribed', 'yes');
      return { toJSON: () => made } as unknown as PushSubscription;
    };
  }, subscription.toJSON());
  protocol = await phone.context().newCDPSession(phone);
  const registered = new Promise<string>((resolve) => {
    protocol.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      const [first] = registrations;
      if (first) resolve(first.registrationId);
    });
  });
  await protocol.send('ServiceWorker.enable');
  await stage.signIn(phone);
  registrationId = await registered;
  await phone.evaluate(() => navigator.serviceWorker.ready.then(() => {}));
});

afterAll(async () => {
  await stage?.stop();
  pushService?.stop();
});

interface Shown {
  title: string;
  body: string;
  tag: string;
  silent: boolean;
}

/** Returns the notifications on the phone's screen. */
const shown = (): Promise<Shown[]> =>
  phone.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready;
    const all = await registration.getNotifications();
    return all.map(({ title, body, tag, silent }) => ({ title, body, tag, silent: !!silent }));
  });

/** How many push messages were delivered, or are those of earlier tests. */
let delivered = 0;
beforeEach(() => {
  delivered = pushService.received.length;
});

/** Waits for the next push message, and delivers it to the phone's service worker. */
async function deliver() {
  await expect
    .poll(() => pushService.received.length, { timeout: 20_000 })
    .toBeGreaterThan(delivered);
  const pushed = pushService.received[delivered];
  delivered += 1;
  if (!pushed) throw new Error('the message was received');
  const data = subscription.read(pushed);
  await protocol.send('ServiceWorker.deliverPushMessage', {
    origin: stage.gateway.url,
    registrationId,
    data,
  });
  return JSON.parse(data);
}

/** Clicks a notification, or a button of it, as the browser reports that to the worker. */
async function click(tag: string, button: string) {
  const worker = phone.context().serviceWorkers().at(-1);
  expect(worker).toBeDefined();
  return worker?.evaluate(
    async ([tag, action]) => {
      const { registration } = self as unknown as { registration: ServiceWorkerRegistration };
      const [notification] = await registration.getNotifications({ tag });
      const event = new Event('notificationclick');
      Object.assign(event, { notification, action, waitUntil: () => {} });
      self.dispatchEvent(event);
      return notification?.data;
    },
    [tag, button] as const,
  );
}

test('turning on notifications registers the browser', async () => {
  await phone.goto(`${stage.gateway.url}/app/settings`);
  await phone.getByText('No browser gets push notifications.').waitFor();
  await phone.getByRole('button', { name: 'Turn on notifications' }).click();
  await phone.getByText('They arrive while GaiterGuard is closed, too.').waitFor();
  const list = phone.getByRole('list', { name: 'Browsers with push notifications' });
  await list.getByText('This browser').waitFor();
  await list.getByRole('button', { name: 'Send test' }).click();
  await list.getByText('Test notification sent.').waitFor();
  const test = await deliver();
  expect(test.title).toBe('Notifications of GaiterGuard arrive here');
  await expect.poll(shown).toMatchObject([{ tag: 'test' }]);
});

test('a held request is pushed, opened from its notification, and approved on the phone', async () => {
  // The page is left, so that only the push can notify.
  await phone.goto('about:blank');
  const action = await stage.hold(key, service, '/customers/17');
  const pushed = await deliver();
  expect(pushed).toMatchObject({ action_id: action, asks: true, waiting: 1 });
  await phone.goto(`${stage.gateway.url}/app/settings`);
  await expect.poll(async () => (await shown()).map(({ tag }) => tag)).toContain(`${action} held`);
  const notification = (await shown()).find(({ tag }) => tag === `${action} held`);
  expect(notification?.body).toBe('Deletes · assistant → things');
  expect(await click(`${action} held`, '')).toMatchObject({ actionId: action });
  await phone.waitForURL((url) => url.searchParams.get('action') === action);
  const card = phone.getByRole('article');
  await card.getByText('/customers/17').first().waitFor();
  const box = await card.boundingBox();
  expect(box?.y ?? 999).toBeLessThan(150);
  await approve(phone);
  await expect.poll(() => stage.decided(action), { timeout: 15_000 }).toBe('APPROVED');
  // The page is in view, so nothing about the request remains on the screen.
  const ended = await deliver();
  expect(ended).toMatchObject({ asks: false, silent: true, tag: `${action} held`, waiting: 0 });
  await expect
    .poll(async () => (await shown()).map(({ tag }) => tag))
    .not.toContain(`${action} held`);
});

test('a request that somebody else decides gets a notification without a sound', async () => {
  const action = await stage.hold(key, service, '/customers/18');
  await deliver();
  await phone.goto('about:blank');
  const { digest } = (await stage.call('GET', `/approvals/${action}`)).json;
  await stage.call('PATCH', `/approvals/${action}/deny`, { digest, note: 'No.' });
  await deliver();
  await phone.goto(`${stage.gateway.url}/app/settings`);
  await expect.poll(shown).toContainEqual(
    expect.objectContaining({
      tag: `${action} held`,
      title: expect.stringMatching(/^Denied by you@example.com: /),
      silent: true,
    }),
  );
});

test('a request can be denied from its notification', async () => {
  const action = await stage.hold(key, service, '/customers/19');
  await deliver();
  await expect.poll(async () => (await shown()).map(({ tag }) => tag)).toContain(`${action} held`);
  expect(await click(`${action} held`, 'deny')).toMatchObject({ actionId: action });
  await expect.poll(() => stage.decided(action), { timeout: 15_000 }).toBe('DENIED');
  const { resolved_by } = (await stage.call('GET', `/approvals/${action}`)).json;
  expect(resolved_by).toBe((await stage.call('GET', '/auth/me')).json.id);
  // The page still has its session.
  await phone.reload();
  await phone.getByRole('heading', { name: 'Settings', level: 1 }).waitFor();
});

test('a browser whose subscription ends subscribes again by itself', async () => {
  const devices = async () => (await stage.call('GET', '/push-devices')).json.items;
  const [before] = await devices();
  const next = new Subscription(pushService, '/phone-again');
  // The browser reports the end to the worker, and its push service returns another subscription.
  await phone
    .context()
    .serviceWorkers()
    .at(-1)
    ?.evaluate((made) => {
      PushManager.prototype.subscribe = async () =>
        ({ toJSON: () => made }) as unknown as PushSubscription;
      const event = new Event('pushsubscriptionchange');
      Object.assign(event, { waitUntil: () => {} });
      self.dispatchEvent(event);
    }, next.toJSON());
  await expect
    .poll(async () => (await devices()).map(({ id }: { id: number }) => id), { timeout: 15_000 })
    .not.toContain(before.id);
  await expect.poll(devices).toMatchObject([{ name: before.name }]);
  const action = await stage.hold(key, service, '/customers/20');
  const own = () => pushService.received.filter(({ path }) => path === '/phone-again');
  await expect.poll(() => own().length, { timeout: 20_000 }).toBeGreaterThan(0);
  const [first] = own();
  if (!first) throw new Error('the message was received');
  expect(JSON.parse(next.read(first))).toMatchObject({ action_id: action, asks: true });
});

test('turning off notifications removes the browser', async () => {
  await phone.goto(`${stage.gateway.url}/app/settings`);
  await phone.getByRole('button', { name: 'Turn off notifications' }).click();
  await phone.getByText('No browser gets push notifications.').waitFor();
  expect((await stage.call('GET', '/push-devices')).json.items).toEqual([]);
});

test('no page had script errors or policy violations', () => {
  expect(stage.trouble).toEqual([]);
});
