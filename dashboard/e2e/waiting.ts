/** How the queue keeps up: from a 428 to the card on the screen, and while it is scrolled. */
import type { Page } from 'playwright-core';

/** How many requests a queue has to bear. */
export const MANY = 1_000;

/** So many are held at once while a queue is filled. */
const HELD_AT_ONCE = 16;

/** Holds a request for a path, and returns when its 428 is there. */
type Hold = (path: string) => Promise<unknown>;

/** How long after its 428 a request is on the screen, in milliseconds. */
export async function timeToScreen(page: Page, hold: Hold, path: string): Promise<number> {
  const seen = page.waitForFunction(
    (text) => document.querySelector('main')?.textContent?.includes(text) && Date.now(),
    path,
    { polling: 5 },
  );
  await hold(path);
  const heldAt = Date.now();
  return Number(await (await seen).jsonValue()) - heldAt;
}

/** Fills the queue. */
export async function holdMany(hold: Hold): Promise<void> {
  const paths = Array.from({ length: MANY }, (_, at) => `/many/${at}`);
  await Promise.all(
    Array.from({ length: HELD_AT_ONCE }, async () => {
      for (let path = paths.pop(); path; path = paths.pop()) await hold(path);
    }),
  );
}

/** Scrolls through the queue and answers how long the slowest frame took, in milliseconds. */
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
