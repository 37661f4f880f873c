/** Benchmarks of the dashboard in a real browser against the real gateway, printed as tables. */
import type { Browser, BrowserContext } from 'playwright-core';
import { type FirstLoad, firstLoad } from './firstLoad';
import { ACCOUNT, Gateway, launch, Upstream } from './gateway';
import {
  holdMany,
  MANY,
  slowestFrameOfScrolling,
  slowestKey,
  timeToScreen,
  watchFirstPaint,
} from './waiting';

const LOADS = 5;
const HOLDS = 20;
const PHONE = { viewport: { width: 412, height: 823 }, deviceScaleFactor: 1.75 };

/** Runs the benchmarks and prints the report. */
export async function measure(): Promise<void> {
  const upstream = await Upstream.start();
  const gateway = await Gateway.start(upstream.port, { MAX_PENDING_PER_AGENT: `${MANY * 2}` });
  const browser = await launch();
  try {
    const hold = await holder(gateway, upstream);
    console.info(`\n## The dashboard\n\n${await loads(browser, gateway, hold)}`);
    console.info(await queue(browser, gateway, hold));
  } finally {
    await browser.close();
    gateway.stop();
    upstream.stop();
  }
}

/** Creates an account, a service, and an agent, and returns a function that gets a removal held. */
async function holder(gateway: Gateway, upstream: Upstream) {
  const made = async (path: string, body: object, headers: Record<string, string> = {}) => {
    const { status, json } = await gateway.call('POST', path, body, headers);
    if (status >= 300) throw new Error(`POST ${path}: status ${status}`);
    return json;
  };
  await made('/auth/register', ACCOUNT);
  const { accessToken } = await made('/auth/login', ACCOUNT);
  const session = { Authorization: `Bearer ${accessToken}` };
  const baseUrl = `http://127.0.0.1:${upstream.port}`;
  const service = await made('/services', { name: 'things', baseUrl, authType: 'none' }, session);
  const agent = { name: 'assistant', serviceIds: [service.id] };
  const { apiKey } = await made('/agents', agent, session);
  return async (path: string) => {
    const request = { service_id: service.id, method: 'DELETE', path, intent: 'Remove it' };
    const headers = { 'Agent-Key': apiKey, 'Idempotency-Key': crypto.randomUUID() };
    const { status } = await gateway.call('POST', '/proxy', request, headers);
    if (status !== 428) throw new Error(`a removal got status ${status}`);
  };
}

async function loads(
  browser: Browser,
  gateway: Gateway,
  hold: (path: string) => Promise<void>,
): Promise<string> {
  for (let at = 0; at < 10; at += 1) await hold(`/first/${at}`);
  const many = async (prepare: (context: BrowserContext) => Promise<void>, heading: string) => {
    const loaded: FirstLoad[] = [];
    for (let at = 0; at < LOADS; at += 1) {
      const context = await browser.newContext(PHONE);
      await prepare(context);
      const isThere = async (page: Parameters<Parameters<typeof firstLoad>[2]>[0]) =>
        page.getByText(heading, { exact: true }).first().waitFor();
      loaded.push(await firstLoad(context, `${gateway.url}/app/`, isThere));
      await context.close();
    }
    return loaded;
  };
  const signIn = await many(async () => {}, 'Sign in');
  const signedIn = await many((context) => gateway.signIn(context), '/first/0');
  const row = (name: string, all: FirstLoad[]) => {
    const of = (pick: (one: FirstLoad) => number) => median(all.map(pick));
    const milliseconds = (pick: (one: FirstLoad) => number) => of(pick).toFixed(0);
    return `| ${name} | ${milliseconds((one) => one.firstContentfulPaint)} | ${milliseconds((one) => one.largestContentfulPaint)} | ${milliseconds((one) => one.totalBlockingTime)} | ${of((one) => one.cumulativeLayoutShift).toFixed(3)} | ${(of((one) => one.scriptBytes) / 1_000).toFixed(1)} |`;
  };
  return [
    `First load on a slow phone (empty cache, processor ÷ 4, 150 ms and 1.6 Mbit/s), medians of ${LOADS}:`,
    '',
    '| page | first paint ms | largest paint ms | blocking ms | layout shift | script kB |',
    '|---|---:|---:|---:|---:|---:|',
    row('sign-in', signIn),
    row('queue with 10', signedIn),
    '',
  ].join('\n');
}

async function queue(
  browser: Browser,
  gateway: Gateway,
  hold: (path: string) => Promise<void>,
): Promise<string> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  await gateway.signIn(context);
  const page = await context.newPage();
  await page.goto(`${gateway.url}/app/`);
  await page.getByText('Connected', { exact: true }).waitFor();
  const soon: number[] = [];
  for (let at = 0; at < HOLDS; at += 1) {
    soon.push(await timeToScreen(page, hold, `/soon/${at}`));
  }
  await page.goto('about:blank');
  await holdMany(hold);
  const firstPaint = await watchFirstPaint(page);
  await page.goto(`${gateway.url}/app/`);
  const painted = await firstPaint();
  await page.locator('article').waitFor();
  const slowKey = await slowestKey(page);
  const slowest = await slowestFrameOfScrolling(page);
  await context.close();
  return [
    '| the queue | ms |',
    '|---|---:|',
    `| from the 428 to the card on the screen, median of ${HOLDS} | ${median(soon).toFixed(0)} |`,
    `| the same, slowest | ${Math.max(...soon).toFixed(0)} |`,
    `| from the data to the first paint, with ${MANY.toLocaleString('en')} | ${painted.toFixed(0)} |`,
    `| slowest key (\`${slowKey.key}\`) to the next paint, with ${MANY.toLocaleString('en')} | ${slowKey.ms.toFixed(0)} |`,
    `| slowest frame of scrolling through ${MANY.toLocaleString('en')} | ${slowest.toFixed(0)} |`,
    '',
  ].join('\n');
}

function median(numbers: number[]): number {
  const sorted = numbers.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
