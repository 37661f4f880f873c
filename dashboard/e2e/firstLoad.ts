/** The first load of a page on a slow phone: empty cache, a processor four times slower than this one,
 * and a slow 4G network, as Lighthouse measures.
 */
import type { BrowserContext, Page } from 'playwright-core';

const CPU_SLOWDOWN = 4;
/** 150 ms round trip, 1.6 Mbit/s down, 750 kbit/s up; throughput in bytes per second. */
const NETWORK = {
  offline: false,
  latency: 150,
  downloadThroughput: (1_600 * 1_024) / 8,
  uploadThroughput: (750 * 1_024) / 8,
};
/** A page is settled after this time without long tasks. */
const QUIET_MS = 2_000;
/** Tasks of this length or longer are noticeable. */
const LONG_TASK_MS = 50;

/** The measurements; times in milliseconds. */
export interface FirstLoad {
  /** Time to the first text or image. */
  firstContentfulPaint: number;
  /** Time to the largest text or image. */
  largestContentfulPaint: number;
  /** Total time beyond 50 ms of each task after the first paint. */
  totalBlockingTime: number;
  /** How much of the visible content moved. */
  cumulativeLayoutShift: number;
  /** Compressed bytes of script. */
  scriptBytes: number;
}

interface Observed {
  paint: number;
  largest: number;
  shift: number;
  tasks: Array<{ at: number; duration: number }>;
}

/** Opens a URL in a new page, waits for `isThere`, then until the page is settled. */
export async function firstLoad(
  context: BrowserContext,
  url: string,
  isThere: (page: Page) => Promise<void>,
): Promise<FirstLoad> {
  const page = await context.newPage();
  const protocol = await context.newCDPSession(page);
  await protocol.send('Network.enable');
  await protocol.send('Network.setCacheDisabled', { cacheDisabled: true });
  await protocol.send('Network.emulateNetworkConditions', NETWORK);
  await protocol.send('Emulation.setCPUThrottlingRate', { rate: CPU_SLOWDOWN });
  const scripts = new Set<string>();
  let scriptBytes = 0;
  protocol.on('Network.responseReceived', ({ requestId, type }) => {
    if (type === 'Script') scripts.add(requestId);
  });
  protocol.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    if (scripts.has(requestId)) scriptBytes += encodedDataLength;
  });
  await page.addInitScript(observe);
  await page.goto(url, { timeout: 60_000 });
  await isThere(page);
  await page.waitForFunction(
    (quiet) => {
      const { tasks } = (window as unknown as { observed: Observed }).observed;
      const last = tasks.at(-1);
      return performance.now() - (last ? last.at + last.duration : 0) > quiet;
    },
    QUIET_MS,
    { polling: 100 },
  );
  const seen = await page.evaluate(() => (window as unknown as { observed: Observed }).observed);
  await page.close();
  return {
    firstContentfulPaint: seen.paint,
    largestContentfulPaint: seen.largest,
    totalBlockingTime: seen.tasks
      .filter(({ at, duration }) => at + duration > seen.paint)
      .reduce((sum, { duration }) => sum + Math.max(0, duration - LONG_TASK_MS), 0),
    cumulativeLayoutShift: seen.shift,
    scriptBytes,
  };
}

/** Runs in the page before its scripts. */
function observe() {
  const observed: Observed = { paint: 0, largest: 0, shift: 0, tasks: [] };
  (window as unknown as { observed: Observed }).observed = observed;
  const on = (type: string, each: (entry: PerformanceEntry) => void) =>
    new PerformanceObserver((list) => list.getEntries().forEach(each)).observe({
      type,
      buffered: true,
    });
  on('paint', ({ name, startTime }) => {
    if (name === 'first-contentful-paint') observed.paint = startTime;
  });
  on('largest-contentful-paint', ({ startTime }) => {
    observed.largest = startTime;
  });
  on('layout-shift', (entry) => {
    const { value, hadRecentInput } = entry as PerformanceEntry & {
      value: number;
      hadRecentInput: boolean;
    };
    if (!hadRecentInput) observed.shift += value;
  });
  on('longtask', ({ startTime, duration }) => {
    observed.tasks.push({ at: startTime, duration });
  });
}
