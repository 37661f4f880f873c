/** Measurements of the queue: from a 428 to the card on the screen, the first paint, keys, and scrolling. */
import type { Page } from 'playwright-core';

/** The number of requests that a queue has to handle. */
export const MANY = 1_000;

/** Parallel requests while a queue is filled. */
const PARALLEL_HOLDS = 16;

/** Gets a request for a path held, and returns after its 428. */
type Hold = (path: string) => Promise<unknown>;

/** Returns how long after its 428 a request appears, in milliseconds. */
export async function timeToScreen(page: Page, hold: Hold, path: string): Promise<number> {
  const seen = page.waitForFunction(
    (text) =>
      (document.querySelector('main')?.textContent?.includes(text) ||
        document.querySelector(`[data-action][title$="${text}"]`)) &&
      Date.now(),
    path,
    { polling: 5 },
  );
  await hold(path);
  const heldAt = Date.now();
  return Number(await (await seen).jsonValue()) - heldAt;
}

/** Fills the queue with `MANY` requests. */
export async function holdMany(hold: Hold): Promise<void> {
  const paths = Array.from({ length: MANY }, (_, at) => `/many/${at}`);
  await Promise.all(
    Array.from({ length: PARALLEL_HOLDS }, async () => {
      for (let path = paths.pop(); path; path = paths.pop()) await hold(path);
    }),
  );
}

/** Scrolls through the queue and returns the time of the slowest frame, in milliseconds. */
export function slowestFrameOfScrolling(page: Page): Promise<number> {
  return page.evaluate(async () => {
    let slowest = 0;
    for (let at = 0; at < 60; at += 1) {
      window.scrollBy(0, 600);
      const before = performance.now();
      await new Promise(requestAnimationFrame);
      slowest = Math.max(slowest, performance.now() - before);
      await new Promise((later) => setTimeout(later, 10));
    }
    return slowest;
  });
}

/**
 * Measures, from the next load on, how long the queue takes to be painted after its data has arrived.
 * Returns a function that returns the time in milliseconds.
 */
export async function watchFirstPaint(page: Page): Promise<() => Promise<number>> {
  await page.addInitScript(() => {
    const observer = new MutationObserver(() => {
      if (!document.querySelector('[data-entry]')) return;
      observer.disconnect();
      // A message from the next frame arrives once that frame is painted, and before timers, whose
      // work is not part of it.
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => Object.assign(window, { paintedAt: performance.now() });
      requestAnimationFrame(() => port2.postMessage(null));
    });
    observer.observe(document, { childList: true, subtree: true });
  });
  return async () => {
    const painted = await page.waitForFunction(() => {
      const { paintedAt } = window as unknown as { paintedAt?: number };
      const data = performance
        .getEntriesByType('resource')
        .find(({ name }) => name.endsWith('/approvals/pending')) as PerformanceResourceTiming;
      return paintedAt !== undefined && paintedAt - data.responseEnd;
    });
    return Number(await painted.jsonValue());
  };
}

/** Keys that move through the queue, select in it, and search it. */
const KEYS = [
  ...'jjjjkk',
  ...['ArrowDown', 'x', 'x', 'Shift+J', 'Shift+K', 'd', 'Escape', '/'],
  ...'many/77',
  ...['Backspace', 'Backspace', 'Escape', 'j', 'k'],
];

/** Presses keys and returns the slowest one and its time to the next paint, in milliseconds. */
export async function slowestKey(page: Page): Promise<{ key: string; ms: number }> {
  await page.evaluate(() => {
    const slow: Array<{ ms: number }> = [];
    Object.assign(window, { slowKeys: slow });
    const observer = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) slow.push({ ms: duration });
    });
    // Shorter ones than 16 ms are not reported.
    observer.observe({ type: 'event', durationThreshold: 16 } as PerformanceObserverInit);
  });
  let slowest = { key: '', ms: 0 };
  for (const key of KEYS) {
    await page.keyboard.press(key);
    await page.waitForTimeout(250);
    const ms = await page.evaluate(() => {
      const { slowKeys } = window as unknown as { slowKeys: Array<{ ms: number }> };
      return Math.max(0, ...slowKeys.splice(0).map((one) => one.ms));
    });
    if (ms > slowest.ms) slowest = { key, ms };
  }
  return slowest;
}
