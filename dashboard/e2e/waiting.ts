/** Measurements of the queue: time from a 428 to the card on the screen, and scrolling. */
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
