/** A signed-in user's browser with its own gateway, and the checks that every page must pass. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, BrowserContextOptions, Dialog, Page } from 'playwright-core';
import { expect } from 'vitest';
import { ACCOUNT, Gateway, launch, Upstream } from './gateway';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** A name that does harm if it is treated as anything but text. */
export const HOSTILE = '<img src=x onerror=alert(1)> {{7*7}} \u00a0.';

const VIEWS = [
  ['light', 1440],
  ['dark', 360],
  ['dark', 1440],
  ['light', 360],
  ['light', 768],
  ['dark', 1920],
  ['dark', 768],
  ['light', 1920],
] as const;

/** The first views in which a page is checked: one for each theme, and a phone. */
const FEW = 2;

/** The first views with both themes, on a phone and not. */
export const EVERY_THEME = 4;

/** The first views with both themes, on a phone and not, and every width. */
export const EVERY_WIDTH = 6;

/** The folder for a screenshot of each page. */
const SCREENSHOTS =
  process.env.SCREENSHOTS ?? fileURLToPath(new URL('../../target/screenshots', import.meta.url));

/** Longer than the time in which a press counts as accidental, in milliseconds: `SEEN_MS` and `PAUSE_MS`. */
export const THOUGHT_MS = 700;

/**
 * Approves the selected request, with the check box and the confirmation if required. The buttons are disabled until
 * the request has been in view for long enough; a click waits for that.
 */
export async function approve(page: Page): Promise<void> {
  await page
    .getByRole('button', { name: /^(Approve( in 2 steps)?|Hold to approve)( \(.* of \d+\))?$/ })
    .click();
  const again = page.getByRole('button', { name: 'Confirm approval' });
  if (!(await again.count())) return;
  const checkbox = page.getByRole('group', { name: 'Confirm approval' }).getByRole('checkbox');
  if (await checkbox.count()) await checkbox.check();
  await again.click();
}

/** The stages that are open. */
const stages = new Set<Stage>();

/**
 * Called before each attempt at a test. The first one remembers what it finds, and a later one finds the same, so
 * that a test never fails only because an earlier attempt has created something.
 */
export async function beforeAttempt(test: string): Promise<void> {
  for (const stage of stages) await stage.begin(test);
}

/** The state that a test finds. The gateway keeps its database. */
interface Found {
  test: string;
  token: string;
  pages: Map<Page, FoundPage>;
  troubleCount: number;
  upstream: ReturnType<Upstream['remember']>;
}

interface FoundPage {
  url: string;
  viewport: ReturnType<Page['viewportSize']>;
  cookies: Awaited<ReturnType<BrowserContext['cookies']>>;
  storage: StoredEntries;
}

type StoredEntries = Record<'localStorage' | 'sessionStorage', Array<[string, string]>>;

/** Everything that a browser test needs. */
export class Stage {
  /** Script errors and violations of the content security policy. */
  readonly trouble: string[] = [];
  private token = '';
  private readonly others = new Set<Page>();
  private found: Found | undefined;

  private constructor(
    readonly upstream: Upstream,
    readonly gateway: Gateway,
    private readonly browser: Browser,
    readonly page: Page,
  ) {}

  /** Starts upstream, gateway, and browser, the last with additional arguments. */
  static async start(
    settings: Record<string, string> = {},
    browserArgs: readonly string[] = [],
  ): Promise<Stage> {
    const upstream = await Upstream.start();
    // The browser first: without it, there is no need for a gateway.
    const browser = await launch(browserArgs);
    const gateway = await Gateway.start(upstream.port, settings);
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    const stage = new Stage(upstream, gateway, browser, await context.newPage());
    stage.watch(stage.page);
    stages.add(stage);
    return stage;
  }

  /** Opens another browser without shared state, for example a phone. */
  async another(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.browser.newContext(options);
    const page = await context.newPage();
    this.watch(page);
    this.others.add(page);
    page.once('close', () => this.others.delete(page));
    return page;
  }

  /** Remembers what a test finds, or restores it for another attempt. */
  async begin(test: string): Promise<void> {
    if (this.found?.test === test) return this.restore(this.found);
    await this.gateway.keep();
    const pages = new Map<Page, FoundPage>();
    for (const page of [this.page, ...this.others]) {
      if (!page.isClosed()) pages.set(page, await remember(page));
    }
    this.found = {
      test,
      token: this.token,
      pages,
      troubleCount: this.trouble.length,
      upstream: this.upstream.remember(),
    };
  }

  private async restore({ token, pages, troubleCount, upstream }: Found): Promise<void> {
    for (const other of this.others) {
      if (!pages.has(other)) await other.context().close();
    }
    for (const page of pages.keys()) {
      if (page.isClosed()) pages.delete(page);
      else await leave(page);
    }
    await this.gateway.restore();
    this.token = token;
    this.trouble.length = troubleCount;
    this.upstream.restore(upstream);
    for (const [page, found] of pages) await restore(page, found);
  }

  private watch(page: Page) {
    page.setDefaultTimeout(15_000);
    page.on('pageerror', (error) => this.trouble.push(error.message));
    page.on('console', (message) => {
      if (/Content Security Policy|Refused to/.test(message.text())) {
        this.trouble.push(message.text());
      }
    });
  }

  /** Creates the account, signs in without the form, and opens the queue. */
  async signIn(page = this.page): Promise<void> {
    await this.gateway.call('POST', '/auth/register', ACCOUNT);
    await this.gateway.signIn(page.context());
    await page.goto(`${this.gateway.url}/app/`);
    await page.getByRole('heading', { name: 'Queue' }).waitFor();
  }

  /** Creates the account and signs in by the form, at the address that people open. */
  async signInByForm(page = this.page, url = this.gateway.url): Promise<void> {
    await this.gateway.call('POST', '/auth/register', ACCOUNT);
    await page.goto(`${url}/app/`);
    await page.getByLabel('Email').fill(ACCOUNT.email);
    await page.getByLabel('Password').fill(ACCOUNT.password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('heading', { name: 'Queue' }).waitFor();
  }

  /** Loads a page of the dashboard. */
  async open(path: string): Promise<void> {
    await this.page.goto(`${this.gateway.url}/app${path}`);
  }

  /** Calls the API as the user. */
  async call(method: string, path: string, body?: unknown) {
    if (this.token === '') {
      const login = await this.gateway.call('POST', '/auth/login', ACCOUNT);
      this.token = login.json.accessToken;
    }
    return this.gateway.call(method, path, body, { Authorization: `Bearer ${this.token}` });
  }

  /** Adds the upstream as a service and returns its id. */
  async service(name: string): Promise<number> {
    const made = await this.call('POST', '/services', {
      name,
      baseUrl: `http://127.0.0.1:${this.upstream.port}`,
      authType: 'bearer',
      credentials: { token: 'the-real-secret' },
    });
    expect(made.status).toBe(201);
    return made.json.id;
  }

  /** Creates an agent and returns its id and key. */
  async agent(name: string, serviceIds: number[]): Promise<{ id: number; key: string }> {
    const made = await this.call('POST', '/agents', { name, serviceIds });
    expect(made.status).toBe(201);
    return { id: made.json.agent.id, key: made.json.apiKey };
  }

  /** Creates an agent whose every request is held, and returns its key. */
  async watchedAgent(name: string, serviceIds: number[]): Promise<string> {
    const made = await this.call('POST', '/agents', { name, serviceIds, riskThreshold: 0 });
    expect(made.status).toBe(201);
    return made.json.apiKey;
  }

  /** Creates a service whose token endpoint refuses its refresh token, and returns the service's id. */
  async serviceWithoutToken(name: string): Promise<number> {
    const origin = `http://127.0.0.1:${this.upstream.port}`;
    this.upstream.statuses.set('/token', 400);
    this.upstream.bodies.set('/token', JSON.stringify({ error: 'invalid_grant' }));
    const made = await this.call('POST', '/services', {
      name,
      baseUrl: origin,
      authType: 'oauth2',
      credentials: {
        token_url: `${origin}/token`,
        client_id: 'gateway',
        client_secret: 'a-client-secret',
        refresh_token: 'a-refresh-token',
      },
    });
    expect(made.status).toBe(201);
    return made.json.id;
  }

  /** Sends a request as an agent and returns the response. */
  async ask(key: string, request: Record<string, unknown>) {
    return this.gateway.call(
      'POST',
      '/proxy',
      { intent: 'See what happens', ...request },
      {
        'Agent-Key': key,
        'Idempotency-Key': crypto.randomUUID(),
      },
    );
  }

  /** Sends a removal that is held and returns its action's id. */
  async hold(key: string, serviceId: number, path: string, intent = 'Remove it'): Promise<string> {
    const held = await this.ask(key, { service_id: serviceId, method: 'DELETE', path, intent });
    expect(held.status).toBe(428);
    return held.json.action_id;
  }

  /** Returns the status of an action, as its agent sees it. */
  async status(key: string, action: string): Promise<string> {
    const response = await this.gateway.call('GET', `/status/${action}`, undefined, {
      'Agent-Key': key,
    });
    return response.json.status;
  }

  /**
   * Returns the status of an action, as its approvers see it: an approval that can still be undone is not
   * visible to the agent.
   */
  async decided(action: string): Promise<string> {
    return (await this.call('GET', `/approvals/${action}`)).json.status;
  }

  /**
   * Takes screenshots and checks layout and accessibility, in both themes and on a phone, or in the first
   * `views` of all.
   */
  async expectFine(name: string, views = FEW): Promise<void> {
    const { page } = this;
    // Faults depend on a theme or on a width; requested screenshots cover all combinations.
    const checked = process.env.SCREENSHOTS ? VIEWS : VIEWS.slice(0, views);
    for (const [colorScheme, width] of checked) {
      const view = `${name} ${colorScheme} ${width}`;
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: width === 360 ? 740 : 900 });
      await page.evaluate(() => window.scrollTo(0, 0));
      const path = `${SCREENSHOTS}/${view.replaceAll(' ', '-')}.png`;
      // Hiding the caret would add a style to the page, which its content security policy forbids.
      await page.screenshot({ path, fullPage: true, caret: 'initial' });
      const tooWide = await page.evaluate(
        () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
      );
      expect(tooWide, `${view} scrolls sideways`).toBe(false);
      if (await page.evaluate("typeof axe === 'undefined'")) await page.evaluate(AXE);
      const faults = await page.evaluate(
        'axe.run().then((found) => found.violations.map(({ id, nodes }) => [id, nodes.map((n) => n.html)]))',
      );
      expect(faults, view).toEqual([]);
    }
    await page.setViewportSize({ width: 1440, height: 900 });
    expect(await page.locator('img[src="x"]').count()).toBe(0);
  }

  async stop(): Promise<void> {
    stages.delete(this);
    await this.browser.close();
    this.gateway.stop();
    this.upstream.stop();
  }
}

async function remember(page: Page): Promise<FoundPage> {
  const url = page.url();
  return {
    url,
    viewport: page.viewportSize(),
    cookies: await page.context().cookies(),
    storage: url.includes('/app/')
      ? await page.evaluate(readStorage)
      : { localStorage: [], sessionStorage: [] },
  };
}

/** Leaves what a page shows, so that it does nothing more. */
async function leave(page: Page): Promise<void> {
  await page.context().setOffline(false);
  await page.unrouteAll({ behavior: 'ignoreErrors' });
  const accept = (dialog: Dialog) => void dialog.accept();
  page.on('dialog', accept);
  await page.goto('about:blank');
  page.off('dialog', accept);
}

async function restore(page: Page, { url, viewport, cookies, storage }: FoundPage): Promise<void> {
  if (viewport) await page.setViewportSize(viewport);
  await page.context().clearCookies();
  await page.context().addCookies(cookies);
  if (!url.includes('/app/')) return;
  // A file of the same origin runs no script that reads the storage.
  await page.goto(url.replace(/\/app\/.*/, '/app/icon.svg'));
  await page.evaluate(writeStorage, storage);
  await page.goto(url);
}

/** Runs in the page. */
function readStorage(): StoredEntries {
  return {
    localStorage: Object.entries(localStorage),
    sessionStorage: Object.entries(sessionStorage),
  };
}

/** Runs in the page. */
function writeStorage(stored: StoredEntries) {
  for (const name of ['localStorage', 'sessionStorage'] as const) {
    window[name].clear();
    for (const [key, value] of stored[name]) window[name].setItem(key, value);
  }
}
