/** The effort that a page asks of a person who sees it for the first time: the words to read, the keys, and the presses. */
import type { Locator, Page } from 'playwright-core';

/** How long a person takes for each, in milliseconds: 300 words a minute, and 130 keys. */
const WORD_MS = 200;
const KEY_MS = 90;
/** To find a control with the pointer and to press it. */
const PRESS_MS = 900;

/** Counts as it goes. With `PACE` in the environment, it takes as long as a person does. */
export class Reader {
  words = 0;
  keys = 0;
  presses = 0;
  /** The new words of each step. */
  readonly steps: Array<[step: string, words: number]> = [];
  private readonly seen = new Set<string>();

  constructor(private readonly page: Page) {}

  /** How long a person would take, in seconds, without the time that the gateway takes. */
  get seconds(): number {
    return (this.words * WORD_MS + this.keys * KEY_MS + this.presses * PRESS_MS) / 1_000;
  }

  /** Reads all that is new on the page outside of its frame, also what is further down. */
  async read(step: string): Promise<void> {
    let words = 0;
    for (const text of await this.page.evaluate(visibleTexts)) {
      if (this.seen.has(text)) continue;
      this.seen.add(text);
      words += text.split(/\s+/).length;
    }
    this.steps.push([step, words]);
    this.words += words;
    await this.pause(words * WORD_MS);
  }

  /** Types into the field that has the focus. */
  async type(text: string): Promise<void> {
    this.keys += text.length;
    await this.page.keyboard.type(text, { delay: process.env.PACE ? KEY_MS : 0 });
  }

  /** Presses a key. */
  async key(name: string): Promise<void> {
    this.keys += 1;
    await this.pause(KEY_MS);
    await this.page.keyboard.press(name);
  }

  /** Presses a control with the pointer. */
  async press(control: Locator): Promise<void> {
    this.presses += 1;
    await this.pause(PRESS_MS);
    await control.click();
  }

  private async pause(milliseconds: number): Promise<void> {
    if (process.env.PACE) await this.page.waitForTimeout(milliseconds);
  }
}

/** Runs in the page. Returns each text that is visible; of a list of choices, the chosen one. */
function visibleTexts(): string[] {
  const main = document.querySelector('main') ?? document.body;
  const found: string[] = [];
  const walker = document.createTreeWalker(main, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = node.textContent?.trim() ?? '';
    const parent = node.parentElement;
    if (text === '' || !/[\p{L}\p{N}]/u.test(text) || !parent || parent.closest('select, svg')) {
      continue;
    }
    const { width, height } = parent.getBoundingClientRect();
    // Texts for screen readers are a pixel in size.
    if (width > 1 && height > 1 && parent.checkVisibility()) found.push(text);
  }
  for (const field of main.querySelectorAll<HTMLInputElement | HTMLSelectElement>(
    'input, select, textarea',
  )) {
    if (!field.checkVisibility() || field.type === 'password') continue;
    const text =
      field instanceof HTMLSelectElement
        ? (field.selectedOptions[0]?.text ?? '')
        : field.value || field.placeholder;
    if (field.type !== 'checkbox' && text !== '') found.push(text);
  }
  return found;
}
