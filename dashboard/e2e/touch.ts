/** A finger. */
import type { CDPSession, Locator, Page } from 'playwright-core';

/** Pushes things aside on a page with touch. */
export class Finger {
  private constructor(private readonly session: CDPSession) {}

  static async of(page: Page): Promise<Finger> {
    return new Finger(await page.context().newCDPSession(page));
  }

  /** Goes down on what is shown, moves in steps and, if it is to, lets go. */
  async push(shown: Locator, x: number, y: number, lets = true): Promise<void> {
    // All of it has to be seen, and nothing may cover it.
    await shown.evaluate((element) => element.scrollIntoView({ block: 'center' }));
    const box = await shown.boundingBox();
    if (!box) throw new Error('what is pushed is on the screen');
    const from = { x: box.x + (x < 0 ? box.width - 20 : 20), y: box.y + box.height / 2 };
    await this.send('touchStart', [from]);
    for (let step = 1; step <= 8; step += 1) {
      await this.send('touchMove', [{ x: from.x + (x * step) / 8, y: from.y + (y * step) / 8 }]);
    }
    if (lets) await this.lift();
  }

  lift(): Promise<void> {
    return this.send('touchEnd', []);
  }

  private async send(type: 'touchStart' | 'touchMove' | 'touchEnd', touchPoints: object[]) {
    await this.session.send('Input.dispatchTouchEvent', { type, touchPoints: touchPoints as [] });
  }
}
