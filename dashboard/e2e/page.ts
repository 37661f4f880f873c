/** A signed-in human's browser beside a gateway of its own, and what must hold of every page. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { expect } from 'vitest';
import { ACCOUNT, Gateway, launch, Upstream } from './gateway';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Names that would do harm if they were taken for anything but text. */
export const HOSTILE = '<img src=x onerror=alert(1)> {{7*7}} \u00a0.';

const VIEWS = [
  ['light', 1440],
  ['dark', 360],
  ['dark', 1440],
  ['light', 360],
] as const;

/** Where a picture of each page is left. */
const SCREENSHOTS =
  process.env.SCREENSHOTS ?? fileURLToPath(new URL('../../target/screenshots', import.meta.url));

/** Approves what is selected, with the tick and the second press where they are asked for. */
export async function approve(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Approve', exact: true }).click();
  const again = page.getByRole('button', { name: 'Press again to approve' });
  if (!(await again.count())) return;
  const tick = page.getByRole('group', { name: 'Confirm the approval' }).getByRole('checkbox');
  if (await tick.count()) await tick.check();
  await again.click();
}

/** Everything a test of pages needs. */
export class Stage {
  /** What the pages complained of: broken scripts, and breaches of the content policy. */
  readonly trouble: string[] = [];
  private token = '';

  private constructor(
    readonly upstream: Upstream,
    readonly gateway: Gateway,
    private readonly browser: Browser,
    readonly page: Page,
  ) {}

  /** Starts it all; the human has an account but has not signed in. */
  static async start(settings: Record<string, string> = {}): Promise<Stage> {
    const upstream = await Upstream.start();
    // Without a browser there is nothing to start a gateway for.
    const browser = await launch();
    const gateway = await Gateway.start(upstream.port, settings);
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    const stage = new Stage(upstream, gateway, browser, await context.newPage());
    stage.watch(stage.page);
    return stage;
  }

  /** Another browser window, which knows nothing of the first: a phone, for one. */
  async another(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.browser.newContext(options);
    const page = await context.newPage();
    this.watch(page);
    return page;
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

  /** Makes the account, gives the browser a session of it, and opens the queue. */
  async signIn(page = this.page): Promise<void> {
    await this.gateway.call('POST', '/auth/register', ACCOUNT);
    await this.gateway.signIn(page.context());
    await page.goto(`${this.gateway.url}/app/`);
    await page.getByRole('heading', { name: 'Queue' }).waitFor();
  }

  /** The same by the page's form. */
  async signInByForm(page = this.page): Promise<void> {
    await this.gateway.call('POST', '/auth/register', ACCOUNT);
    await page.goto(`${this.gateway.url}/app/`);
    await page.getByLabel('E-mail').fill(ACCOUNT.email);
    await page.getByLabel('Password').fill(ACCOUNT.password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('heading', { name: 'Queue' }).waitFor();
  }

  /** Opens a page of the dashboard anew. */
  async open(path: string): Promise<void> {
    await this.page.goto(`${this.gateway.url}/app${path}`);
  }

  /** Calls the API as the human. */
  async call(method: string, path: string, body?: unknown) {
    if (this.token === '') {
      const login = await this.gateway.call('POST', '/auth/login', ACCOUNT);
      this.token = login.json.accessToken;
    }
    return this.gateway.call(method, path, body, { Authorization: `Bearer ${this.token}` });
  }

  /** Registers the upstream as a service and answers its id. */
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

  /** Makes an agent and answers its id and its key. */
  async agent(name: string, serviceIds: number[]): Promise<{ id: number; key: string }> {
    const made = await this.call('POST', '/agents', { name, serviceIds });
    expect(made.status).toBe(201);
    return { id: made.json.agent.id, key: made.json.apiKey };
  }

  /** Sends a request as an agent and answers what the gateway answered. */
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

  /** Has a removal held and answers its action's id. */
  async hold(key: string, serviceId: number, path: string, intent = 'Remove it'): Promise<string> {
    const held = await this.ask(key, { service_id: serviceId, method: 'DELETE', path, intent });
    expect(held.status).toBe(428);
    return held.json.action_id;
  }

  /** Where a held request stands, as its agent is told. */
  async status(key: string, action: string): Promise<string> {
    const answer = await this.gateway.call('GET', `/status/${action}`, undefined, {
      'Agent-Key': key,
    });
    return answer.json.status;
  }

  /** Looks at the page as it stands, in both themes and at both widths: nothing may be wrong. */
  async expectFine(name: string): Promise<void> {
    const { page } = this;
    // Faults are of a theme or of a width; who asks for pictures gets both with both.
    for (const [colorScheme, width] of process.env.SCREENSHOTS ? VIEWS : VIEWS.slice(0, 2)) {
      const view = `${name} ${colorScheme} ${width}`;
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: width === 360 ? 740 : 900 });
      await page.evaluate(() => window.scrollTo(0, 0));
      const path = `${SCREENSHOTS}/${view.replaceAll(' ', '-')}.png`;
      // Hiding the caret would put a style into the page, which its policy refuses.
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
    await this.browser.close();
    this.gateway.stop();
    this.upstream.stop();
  }
}
