/**
 * How a page loads for the first time on a slow phone: with an empty cache, a processor four times
 * slower than this one, and a network like slow 4G, as Lighthouse measures.
 */
import type { BrowserContext, Page } from 'playwright-core';

const CPU_SLOWDOWN = 4;
/** 150 ms there and back; 1.6 Mbit/s down, 750 kbit/s up, in bytes. */
const NETWORK = {
  offline: false,
  latency: 150,
  downloadThroughput: (1_600 * 1_024) / 8,
  uploadThroughput: (750 * 1_024) / 8,
};
/** A page is settled when nothing has held its main thread up for so long. */
const QUIET_MS = 2_000;
/** From this length on a task is one that a hand would feel. */
const LONG_TASK_MS = 50;

/** What was measured; times in milliseconds. */
export interface FirstLoad {
  /** From the start to the first text or picture. */
  firstContentfulPaint: number;
  /** From the start to the largest. */
  largestContentfulPaint: number;
  /** For how long altogether, after the first paint, tasks held the main thread up beyond 50 ms each. */
  totalBlockingTime: number;
  /** How much of what was seen moved by itself. */
  cumulativeLayoutShift: number;
  /** Bytes of script over the wire, as they were packed. */
  scriptBytes: number;
}

interface Observed {
  paint: number;
  largest: number;
  shift: number;
  tasks: Array<{ at: number; duration: number }>;
}

/** Opens an address in a new context, and waits until `isThere` and then for quiet. */
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

/** Runs in the page, before anything of its own. */
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
