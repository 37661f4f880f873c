import { afterAll, beforeAll, expect, test } from 'vitest';
import { Stage } from './page';

let stage: Stage;
let service: number;
let key: string;

beforeAll(async () => {
  stage = await Stage.start();
  const context = stage.page.context();
  await context.grantPermissions(['notifications']);
  await context.exposeFunction('recordNotification', (tag: string, notification: Shown) => {
    shown.set(tag, notification);
  });
  await context.addInitScript(recordNotifications);
  await stage.signIn();
  service = await stage.service('things');
  key = (await stage.agent('as\u00a0sistant', [service])).key;
});

afterAll(() => stage?.stop());

interface Shown {
  title: string;
  body: string;
  actionId: string | undefined;
}

/**
 * The notifications that the page has shown, by tag, as the browser keeps them. The browser itself cannot be
 * asked repeatedly: Chromium's `getNotifications` forgets a notification that is just being displayed.
 */
const shown = new Map<string, Shown>();

/** Runs in the page, before its scripts. */
function recordNotifications() {
  const { prototype } = ServiceWorkerRegistration;
  const show = prototype.showNotification;
  const record = (window as unknown as { recordNotification: (tag: string, shown: Shown) => void })
    .recordNotification;
  prototype.showNotification = async function (title, options) {
    await show.call(this, title, options);
    const { tag = '', body = '', data } = options ?? {};
    record(tag, { title, body, actionId: data?.actionId });
  };
}

/** Waits until these notifications are shown and no other, and closes them. */
async function expectNotifications(expected: unknown[]) {
  await expect.poll(() => [...shown.values()], { timeout: 15_000 }).toEqual(expected);
  await closeNotifications();
}

/** Closes what the browser displays, which must be what the page has shown. */
async function closeNotifications() {
  const displayed = await stage.page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready;
    const all = await registration.getNotifications();
    for (const each of all) each.close();
    return all.map(({ title, body, data }) => ({ title, body, actionId: data?.actionId }));
  });
  expect(displayed).toHaveLength(shown.size);
  expect(displayed).toEqual(expect.arrayContaining([...shown.values()]));
  shown.clear();
}

/** Returns how many requests the notifications count. */
function counted(): number {
  const counts = [...shown.values()].map(({ title }) => {
    const several = /^(\d+) requests need approval$/.exec(title);
    return several ? Number(several[1]) : 1;
  });
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Matches a notification with this title. */
const titled = (title: unknown) => expect.objectContaining({ title });

test('notifications are offered in the queue, and off until they are accepted', async () => {
  const { page } = stage;
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => {}));
  await stage.hold(key, service, '/before');
  await page.getByText('/before').first().waitFor();
  await page.getByText('Get notified when a request needs approval.').waitFor();
  await stage.expectFine('notify-offer');
  expect([...shown.values()]).toEqual([]);
  await page.getByRole('button', { name: 'Turn on', exact: true }).click();
  await page.getByText('Get notified when').waitFor({ state: 'detached' });
});

test('a held request is notified with what it would do, its effect, agent, and service', async () => {
  const action = await stage.hold(key, service, '/after');
  await expectNotifications([
    {
      title: expect.stringMatching(/after/),
      body: 'Deletes · as[U+00A0]sistant → things',
      actionId: action,
    },
  ]);
});

test('a burst is notified together', async () => {
  await Promise.all(
    Array.from({ length: 12 }, (_, at) => stage.hold(key, service, `/burst/${at}`)),
  );
  await expect.poll(counted, { timeout: 30_000 }).toBe(12);
  // On a busy machine, the requests reach the page in more than one moment, each with its notification.
  const groups = [...shown.values()].filter(({ title }) => /^\d+ requests/.test(title));
  expect(groups).not.toEqual([]);
  expect(shown.size).toBeLessThan(12);
  await closeNotifications();
});

test('an unknown outcome is notified', async () => {
  const action = await stage.hold(key, service, '/breaks/off');
  await expectNotifications([expect.objectContaining({ actionId: action })]);
  const { digest } = (await stage.call('GET', `/approvals/${action}`)).json;
  await stage.call('PATCH', `/approvals/${action}/approve`, { digest });
  await stage.gateway.call('POST', `/proxy/execute/${action}`, undefined, { 'Agent-Key': key });
  await expectNotifications([
    expect.objectContaining({
      title: expect.stringMatching(/^Outcome unknown: /),
      actionId: action,
    }),
  ]);
});

test('a service without an access token is notified, once for all its failing requests', async () => {
  const id = await stage.serviceWithoutToken('books');
  const books = (await stage.agent('bookkeeper', [id])).key;
  const request = { service_id: id, method: 'GET', path: '/balance' };
  for (let time = 0; time < 3; time++) expect((await stage.ask(books, request)).status).toBe(502);
  await expectNotifications([
    { title: 'No access token for books', body: expect.any(String), actionId: undefined },
  ]);
  // Another request, whose notification follows any other of the service.
  await stage.hold(key, service, '/after/the/failures');
  await expectNotifications([titled(expect.stringMatching(/failures/))]);
});

test('a click on a notification opens its request in the page that is open', async () => {
  const { page } = stage;
  const action = await stage.hold(key, service, '/clicked');
  await expectNotifications([expect.objectContaining({ actionId: action })]);
  await page.getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('heading', { name: 'Settings', level: 1 }).waitFor();
  const [worker] = page.context().serviceWorkers();
  await worker?.evaluate(async (actionId) => {
    const event = new Event('notificationclick');
    Object.assign(event, {
      notification: { close() {}, data: { actionId } },
      waitUntil: () => {},
    });
    self.dispatchEvent(event);
  }, action);
  await page.waitForURL((url) => url.searchParams.get('action') === action);
  await page.getByRole('article').getByText('/clicked').first().waitFor();
});

test('what is held while notifications are off is not notified', async () => {
  const { page } = stage;
  await page.getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('button', { name: 'Turn off notifications' }).click();
  await page.getByRole('button', { name: 'Turn on notifications' }).waitFor();
  await stage.hold(key, service, '/quiet');
  await page.getByRole('link', { name: 'Queue' }).click();
  await page.getByText('/quiet').first().waitFor();
  await page.getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('button', { name: 'Turn on notifications' }).click();
  const loud = await stage.hold(key, service, '/loud');
  await expectNotifications([expect.objectContaining({ actionId: loud })]);
});

test('the dashboard can be installed', async () => {
  const { page } = stage;
  const protocol = await page.context().newCDPSession(page);
  const { errors } = await protocol.send('Page.getAppManifest');
  expect(errors).toEqual([]);
  const { installabilityErrors } = await protocol.send('Page.getInstallabilityErrors');
  // The browser contexts of tests are private, and those cannot install anything.
  expect(installabilityErrors.map(({ errorId }) => errorId)).toEqual(['in-incognito']);
});

test('a phone has the queue, the history, and the kill switch at the bottom', async () => {
  const { page } = stage;
  await page.setViewportSize({ width: 360, height: 740 });
  await stage.open('/history');
  const bar = page.getByRole('navigation', { name: 'Main pages' });
  await stage.expectFine('phone-bar');
  await page.setViewportSize({ width: 360, height: 740 });
  const stop = bar.getByRole('button', { name: 'Stop agents' });
  await stop.waitFor();
  const box = await stop.boundingBox();
  expect((box?.y ?? 0) + (box?.height ?? 0)).toBeGreaterThan(690);
  expect(await page.getByRole('button', { name: 'Stop agents' }).count()).toBe(1);
  await bar.getByRole('link', { name: 'Queue' }).click();
  await page.getByRole('heading', { name: 'Queue' }).waitFor();
  // The bar is not next to the buttons that decide.
  await page.locator('[data-action]').first().click();
  await page.getByRole('button', { name: 'Approve' }).waitFor();
  expect(await bar.count()).toBe(0);
  await page.getByRole('button', { name: 'Stop agents' }).waitFor();
});

test('no page had script errors or policy violations', () => {
  expect(stage.trouble).toEqual([]);
});
