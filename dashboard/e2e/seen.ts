/** Records what is on the screen at the moment of each decision, independently of the dashboard. */
import type { Page } from 'playwright-core';

/** A decision that the page sent. */
export interface Sent {
  kind: 'approve' | 'deny';
  id: string;
  /** Whether the text that names its subject was fully visible. */
  isSeen: boolean;
  /** The text that names the subject. */
  subject: string;
}

/** Records the decisions of a page from its next load on. */
export async function watchDecisions(page: Page): Promise<() => Promise<Sent[]>> {
  await page.addInitScript(() => {
    const sent: Sent[] = [];
    Object.assign(window, { sentDecisions: sent });
    const subjectOnScreen = (id: string) => {
      const named = document.querySelector(`[data-subject="${id}"]`);
      const card = document.querySelector(`[data-action="${id}"]`);
      for (const element of [named, card]) {
        if (!element) continue;
        // Every letter counts, so the boxes of the lines are checked instead of the element's.
        const range = document.createRange();
        range.selectNodeContents(element);
        const lines = [...range.getClientRects()].filter((line) => line.width > 4);
        const isSeen =
          lines.length > 0 &&
          lines.every((line) =>
            [line.left + 2, (line.left + line.right) / 2, line.right - 2].every((x) => {
              const y = (line.top + line.bottom) / 2;
              const top = document.elementFromPoint(x, y);
              return (
                line.top >= 0 &&
                line.bottom <= window.innerHeight &&
                top !== null &&
                element.contains(top)
              );
            }),
          );
        if (isSeen) return { isSeen, subject: element.textContent ?? '' };
      }
      return { isSeen: false, subject: '' };
    };
    const real = window.fetch;
    window.fetch = (input, init) => {
      const request = input instanceof Request ? input : new Request(input, init);
      const match = /approvals\/([^/]+)\/(approve|deny)$/.exec(new URL(request.url).pathname);
      if (match) {
        const [, id = '', kind] = match;
        sent.push({ kind: kind as Sent['kind'], id, ...subjectOnScreen(id) });
      }
      return real(input, init);
    };
  });
  return () => page.evaluate(() => (window as unknown as { sentDecisions: Sent[] }).sentDecisions);
}
