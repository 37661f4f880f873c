/** The way of a newcomer from the first start to the first approved request, and what it costs. */
import { expect, test } from 'vitest';
import { ACCOUNT } from './gateway';
import { Reader } from './pace';
import { Stage } from './page';

/** The words, keys and presses of the whole way, at most; with the time of the gateway, under 100 seconds. */
const WORDS_MAX = 330;
const KEYS_MAX = 160;
const PRESSES_MAX = 8;
const SECONDS_MAX = 85;

const DESCRIPTION = JSON.stringify({
  openapi: '3.1.0',
  info: { title: 'Balance', version: '1' },
  paths: {
    '/v1/balance': { get: { operationId: 'getBalance', summary: 'Get balance', responses: {} } },
  },
});

test.each([
  [1280, 800],
  [390, 844],
])('the set-up is short at %i pixels', async (width, height) => {
  const stage = await Stage.start();
  const { page, upstream } = stage;
  const reader = new Reader(page);
  try {
    await page.setViewportSize({ width, height });
    upstream.bodies.set('/openapi.json', DESCRIPTION);
    const button = (name: string | RegExp) => page.getByRole('button', { name, exact: true });

    await stage.open('/');
    await page.getByText('Create your account').waitFor();
    await reader.read('account');
    await reader.type(ACCOUNT.email);
    await reader.key('Tab');
    await reader.type(ACCOUNT.password);
    await reader.key('Enter');

    await page.getByText('Which API should your agents use?').waitFor();
    await reader.read('catalog');
    await reader.press(button('Custom Any HTTP API'));
    await page.getByLabel('Base URL').waitFor();
    await reader.read('service');
    await reader.type(`http://127.0.0.1:${upstream.port}`);
    expect(await page.getByLabel('Name').inputValue()).toBe(`local-${upstream.port}`);
    await reader.press(page.getByLabel('Token'));
    await reader.type('sk_live_tulip_8841');
    await reader.key('Enter');

    await page.getByRole('heading', { name: 'Test call' }).waitFor();
    await reader.read('connection');
    await reader.type('v1/balance');
    await reader.key('Enter');
    await page.getByText('The service responded with 200.').waitFor();
    await reader.read('response');
    expect(upstream.received.at(-1)).toBe('GET /v1/balance');
    await expect.poll(() => focused(page)).toBe('Continue');
    await reader.key('Enter');

    await page.getByLabel('Document URL').waitFor();
    await reader.read('document');
    await reader.type(`http://127.0.0.1:${upstream.port}/openapi.json`);
    await reader.key('Enter');
    await page.getByText('1 operation', { exact: true }).waitFor();
    await reader.read('operations');
    await expect.poll(() => focused(page)).toBe('Continue');
    await reader.key('Enter');

    await page.getByLabel('Agent name').waitFor();
    await reader.read('agent');
    await reader.key('Enter');

    await page.getByRole('heading', { name: 'Send two samples' }).waitFor();
    await reader.read('samples');
    await expect.poll(() => focused(page)).toBe('Send a sample');
    await reader.key('Enter');
    await page.getByText('First request received').waitFor();
    await reader.read('passed');
    await expect.poll(() => focused(page)).toBe('Send a sample that is held');
    await reader.key('Enter');

    const approve = page.getByRole('button', {
      name: /^(Approve|Approve in 2 steps|Hold to approve)$/,
    });
    await approve.waitFor();
    await reader.read('card');
    // A person has read the card before; this is faster.
    await page.waitForTimeout(700);
    await reader.press(approve);
    const confirmation = page.getByRole('group', { name: 'Confirm approval' });
    await confirmation.waitFor();
    await reader.read('confirmation');
    await reader.press(confirmation.getByRole('checkbox'));
    await page.waitForTimeout(700);
    await reader.press(button('Confirm approval'));
    await page.getByText('Approved and sent.').waitFor();
    expect(upstream.received.at(-1)).toMatch(/^DELETE \/sample-/);

    const { words, keys, presses, seconds, steps } = reader;
    expect(words, JSON.stringify(steps)).toBeLessThanOrEqual(WORDS_MAX);
    expect(keys).toBeLessThanOrEqual(KEYS_MAX);
    expect(presses).toBeLessThanOrEqual(PRESSES_MAX);
    expect(seconds).toBeLessThanOrEqual(SECONDS_MAX);
  } finally {
    const steps = reader.steps.map((step) => step.join(' ')).join(', ');
    console.info(
      `${width} px: ${reader.words} words, ${reader.keys} keys, ${reader.presses} presses, ${reader.seconds.toFixed(0)} s: ${steps}`,
    );
    await stage.stop();
  }
});

/** Returns the text of what has the focus. */
function focused(page: Stage['page']): Promise<string> {
  return page.evaluate(() => document.activeElement?.textContent?.trim() ?? '');
}
