import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ACCOUNT } from './gateway';
import { Stage } from './page';

let stage: Stage;
let secret = '';
const recoveryCodes: string[] = [];

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** Returns the code of RFC 6238 for the present step, or a later one. */
function code(later = 0): string {
  const bits = [...secret].map((c) => BASE32.indexOf(c).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g)?.map((byte) => Number.parseInt(byte, 2)) ?? []);
  const step = Buffer.alloc(8);
  step.writeBigInt64BE(BigInt(Math.floor(Date.now() / 30_000) + later));
  const digest = createHmac('sha1', key).update(step).digest();
  const offset = (digest.at(-1) ?? 0) & 0xf;
  return String((digest.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

beforeAll(async () => {
  stage = await Stage.start();
  await stage.signInByForm();
});

afterAll(async () => {
  await stage?.stop();
});

test('one-time codes are set up with a QR code or the secret', async () => {
  const { page } = stage;
  await stage.open('/settings');
  await page.getByRole('button', { name: 'Set up one-time codes…' }).click();
  await page.getByLabel('Password', { exact: true }).fill(ACCOUNT.password);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('img', { name: 'QR code with the secret' }).waitFor();
  secret = (await page.getByTestId('totp-secret').textContent())?.replaceAll(' ', '') ?? '';
  expect(secret).toMatch(/^[A-Z2-7]{32}$/);
  await stage.expectFine('one-time-codes');
  await page.getByRole('textbox', { name: 'Code' }).fill('000000');
  await page.getByRole('button', { name: 'Turn on', exact: true }).click();
  await page.getByText(/must be a current code/).waitFor();
  await page.getByRole('textbox', { name: 'Code' }).fill(code());
  await page.getByRole('button', { name: 'Turn on', exact: true }).click();
  const list = page.getByRole('list', { name: 'Recovery codes' });
  await list.waitFor();
  recoveryCodes.length = 0;
  recoveryCodes.push(...(await list.getByRole('listitem').allInnerTexts()));
  expect(recoveryCodes).toHaveLength(10);
  await stage.expectFine('recovery-codes');
  await page.getByLabel('I have stored the codes').check();
  await page.getByRole('button', { name: 'Done' }).click();
  await page.getByText('10 recovery codes left.').waitFor();
});

test('signing in asks for the code, and accepts a recovery code once', async () => {
  const url = `${stage.gateway.url}/app/sign-in`;
  for (const [used, isAccepted] of [
    [code(1), true],
    [recoveryCodes[0] ?? '', true],
    [recoveryCodes[0] ?? '', false],
  ] as const) {
    const page = await stage.another();
    await page.goto(url);
    expect(await page.getByRole('textbox', { name: 'Code' }).count()).toBe(0);
    await page.getByLabel('Email').fill(ACCOUNT.email);
    await page.getByLabel('Password').fill(ACCOUNT.password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('textbox', { name: 'Code' }).fill(used);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    if (isAccepted) await page.getByRole('heading', { name: 'Queue' }).waitFor();
    else await page.getByText(/must be a current one-time code/).waitFor();
    await page.context().close();
  }
  expect(stage.trouble).toEqual([]);
});

test('a recovery code removes the one-time codes', async () => {
  const { page } = stage;
  await stage.open('/settings');
  await page.getByText('9 recovery codes left.').waitFor();
  await page.getByRole('button', { name: 'Remove one-time codes…' }).click();
  await page.getByRole('textbox', { name: 'Code' }).fill(recoveryCodes[1] ?? '');
  await page.getByRole('button', { name: 'Remove one-time codes', exact: true }).click();
  await page.getByRole('button', { name: 'Set up one-time codes…' }).waitFor();
});
