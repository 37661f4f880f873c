/** Every page of the dashboard: its layout in all widths, its accessibility, and its keyboard. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EVERY_WIDTH, Stage } from './page';

/** The paths of the router, as they are generated from the files of the pages. */
const ROUTES = [
  ...new Set(
    [
      ...readFileSync(new URL('../src/routeTree.gen.ts', import.meta.url), 'utf8').matchAll(
        /fullPath: '([^']+)'/g,
      ),
    ].map(([, path]) => path ?? ''),
  ),
].sort();

const DESCRIPTION = JSON.stringify({
  openapi: '3.1.0',
  info: { title: 'Things', version: '1' },
  paths: {
    '/things': { get: { operationId: 'listThings', summary: 'List all things', responses: {} } },
    '/things/{id}': { delete: { operationId: 'dropThing', summary: 'Drop it', responses: {} } },
  },
});

/** More presses of Tab than any page has places for the focus. */
const PRESSES_MAX = 150;

let stage: Stage;

/** The address of each route with data on it. */
const pages: Record<string, string> = {
  '/': '/',
  '/agents/': '/agents',
  '/agents/$id': '',
  '/audit': '/audit',
  '/channels/': '/channels',
  '/channels/$id': '',
  '/connected': '/connected',
  '/history/': '/history',
  '/history/$id': '',
  '/invitation': '/invitation?token=unknown',
  '/members': '/members',
  '/overview': '/overview',
  '/rules/': '/rules',
  '/rules/$id': '',
  '/rules/new': '/rules/new',
  '/services/': '/services',
  '/services/$id': '',
  '/services/new': '/services/new',
  '/set-up': '/set-up',
  '/settings': '/settings',
  '/sign-in': '/sign-in',
  '/signed-in': '/signed-in',
};

beforeAll(async () => {
  stage = await Stage.start();
  await stage.signIn();
  const service = await stage.service('things');
  const document = { type: 'openapi', title: 'Things', content: DESCRIPTION };
  expect((await stage.call('POST', `/services/${service}/docs`, document)).status).toBe(201);
  const agent = await stage.agent('assistant', [service]);
  const rule = { name: 'No drops', effect: 'deny', condition: 'request.method == "PATCH"' };
  const made = await stage.call('POST', '/rules', rule);
  expect(made.status).toBe(201);
  const settings = { url: 'https://hooks.example.com/gaiterguard' };
  const channel = await stage.call('POST', '/channels', {
    kind: 'webhook',
    name: 'On call',
    settings,
  });
  expect(channel.status).toBe(201);
  await stage.ask(agent.key, { service_id: service, method: 'GET', path: '/things' });
  await stage.hold(agent.key, service, '/things/1');
  const { json } = await stage.call('GET', '/requests');
  pages['/agents/$id'] = `/agents/${agent.id}`;
  pages['/channels/$id'] = `/channels/${channel.json.channel?.id ?? channel.json.id}`;
  pages['/services/$id'] = `/services/${service}`;
  pages['/rules/$id'] = `/rules/${made.json.id ?? made.json.rule.id}`;
  pages['/history/$id'] = `/history/${json.items[0].id}`;
});

afterAll(() => stage?.stop());

/** Opens a page. */
async function open(route: string) {
  const { page } = stage;
  await page.setViewportSize({ width: 1440, height: 900 });
  if (route === '/sign-in') await page.context().clearCookies();
  await stage.open(pages[route] ?? '');
  await page.getByRole('heading', { level: 1 }).first().waitFor();
  await page.getByText('Loading…').first().waitFor({ state: 'detached' });
}

/** Returns what has the focus, and marks it as reached. */
function focused() {
  return stage.page.evaluate(() => {
    const element = document.activeElement as HTMLElement;
    // A date has a place for the focus in each of its parts.
    const isSame = element.dataset.tabbed === 'last';
    const isNew = isSame || (element.dataset.tabbed === undefined && element !== document.body);
    for (const last of document.querySelectorAll<HTMLElement>('[data-tabbed="last"]')) {
      last.dataset.tabbed = 'before';
    }
    if (element !== document.body) element.dataset.tabbed = 'last';
    // The field of a file is not visible; its label is marked instead.
    const label = element.matches('[type="file"]') ? element.closest('label') : null;
    const shown = label ?? element;
    const box = shown.getBoundingClientRect();
    const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    return {
      isNew,
      name: element.outerHTML.slice(0, 160),
      isMarked:
        getComputedStyle(shown).outlineStyle !== 'none' ||
        // The editor shows a cursor, and a date or a time marks the part that has the focus.
        element.matches('.cm-content, [type="datetime-local"], [type="time"]'),
      isSeen: box.width > 1 && (top === null || shown.contains(top) || top.contains(shown)),
    };
  });
}

test('each route of the router is a page of this test', () => {
  expect(Object.keys(pages).sort()).toEqual(ROUTES);
});

// The page of the sign-in comes last, because it ends the session.
test.each([...ROUTES.filter((route) => route !== '/sign-in'), '/sign-in'])(
  '%s fits every screen, is accessible, and works with the keyboard alone',
  async (route) => {
    const { page } = stage;
    await open(route);
    await stage.expectFine(`route${route.replaceAll('/', '-').replaceAll('$', '')}`, EVERY_WIDTH);
    // Where the focus goes, it is seen, and every control is reached.
    // A field may have it from the start.
    await focused();
    const presses = [];
    for (let at = 0; at < PRESSES_MAX; at += 1) {
      await page.keyboard.press('Tab');
      const place = await focused();
      if (!place.isNew) break;
      presses.push(place);
    }
    expect(presses.length).toBeLessThan(PRESSES_MAX);
    expect(presses.filter(({ isMarked, isSeen }) => !isMarked || !isSeen)).toEqual([]);
    const missed = await page.evaluate(() =>
      [
        ...document.querySelectorAll<HTMLElement>(
          'a[href], button, input, select, textarea, summary',
        ),
      ]
        .filter((control) => control.checkVisibility({ visibilityProperty: true }))
        .filter((control) => control.tabIndex >= 0 && !control.matches(':disabled'))
        // Arrow keys lead to the other choices of a group.
        .filter((control) => !control.matches('[type="radio"]:not(:checked)'))
        .filter(({ dataset }) => dataset.tabbed === undefined)
        .map(({ outerHTML }) => outerHTML.slice(0, 160)),
    );
    expect(missed).toEqual([]);
  },
);

const hasFocus = () =>
  stage.page.evaluate(() => document.activeElement?.closest('main, [role="dialog"]') != null);

test('the focus stays on the page when what had it is gone', async () => {
  const { page } = stage;
  await stage.signIn();
  await stage.open('/services');
  await page.getByRole('link', { name: 'things' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Documents' }).waitFor();
  await expect.poll(hasFocus).toBe(true);
  // The next press of Tab leads into the page, past its frame.
  await page.keyboard.press('Tab');
  expect(await page.evaluate(() => document.activeElement?.textContent)).toContain('All services');
  const documents = page.locator('section').filter({ hasText: /^Documents/ });
  await documents.getByRole('button', { name: 'Delete…' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await expect.poll(hasFocus).toBe(true);
  await page.getByRole('button', { name: 'Delete', exact: true }).focus();
  await page.keyboard.press('Enter');
  await page.getByText('No documents yet').waitFor();
  const isInDocuments = () =>
    documents.evaluate((section) => section.contains(document.activeElement));
  await expect.poll(isInDocuments).toBe(true);
});

test('no page had script errors or policy violations', () => {
  expect(stage.trouble).toEqual([]);
});
