/** Touch input. */
import type { CDPSession, Locator, Page } from 'playwright-core';

/** A finger that swipes on a page. */
export class Finger {
  private constructor(private readonly session: CDPSession) {}

  static async of(page: Page): Promise<Finger> {
    return new Finger(await page.context().newCDPSession(page));
  }

  /** Touches an element, moves in steps and, if `releases`, releases. */
  async swipe(element: Locator, x: number, y: number, releases = true): Promise<void> {
    // The whole element must be visible and uncovered.
    await element.evaluate((node) => node.scrollIntoView({ block: 'center' }));
    const box = await element.boundingBox();
    if (!box) throw new Error('the element is not on the screen');
    const from = { x: box.x + (x < 0 ? box.width - 20 : 20), y: box.y + box.height / 2 };
    await this.send('touchStart', [from]);
    for (let step = 1; step <= 8; step += 1) {
      await this.send('touchMove', [{ x: from.x + (x * step) / 8, y: from.y + (y * step) / 8 }]);
    }
    if (releases) await this.lift();
  }

  lift(): Promise<void> {
    return this.send('touchEnd', []);
  }

  private async send(type: 'touchStart' | 'touchMove' | 'touchEnd', touchPoints: object[]) {
    await this.session.send('Input.dispatchTouchEvent', { type, touchPoints: touchPoints as [] });
  }
}
