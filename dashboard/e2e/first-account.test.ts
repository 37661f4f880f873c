import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ACCOUNT } from './gateway';
import { Stage } from './page';

const MALLORY = JSON.stringify({ email: 'mallory@evil.example', password: 'a-long-enough-one' });

let stage: Stage;
/** A gateway that does not listen only on loopback. */
let exposed: Stage;
let elsewhere: Server;

beforeAll(async () => {
  stage = await Stage.start();
  exposed = await Stage.start({ HOST: '0.0.0.0' });
  elsewhere = createServer((_, response) => {
    response.setHeader('Content-Type', 'text/html');
    response.end('<!doctype html><title>Elsewhere</title>');
  });
  await new Promise<void>((ready) => elsewhere.listen(0, '127.0.0.1', ready));
});

afterAll(async () => {
  elsewhere?.close();
  await stage?.stop();
  await exposed?.stop();
});

/** Sends a registration from a page of another origin, in every way that a browser offers. */
async function attack(pageUrl: string, target: string) {
  const page = await stage.another();
  await page.goto(pageUrl);
  return page.evaluate(
    async ([url, json]) => {
      const bytes = new TextEncoder().encode(json);
      const post = (init: RequestInit) =>
        fetch(url as string, { method: 'POST', ...init }).then(
          (response) => (response.type === 'opaque' ? 'opaque' : response.status),
          () => 'blocked',
        );
      const form = document.createElement('form');
      form.method = 'POST';
      form.action = url as string;
      form.enctype = 'text/plain';
      form.target = 'hidden';
      const field = document.createElement('input');
      field.name = `${(json as string).slice(0, -1)},"x":"`;
      field.value = '"}';
      form.append(field);
      const frame = document.createElement('iframe');
      frame.name = 'hidden';
      document.body.append(frame, form);
      const loaded = new Promise((done) => frame.addEventListener('load', done));
      form.submit();
      await loaded;
      return [
        await post({ mode: 'no-cors', body: bytes }),
        await post({ mode: 'no-cors', body: json as string }),
        await post({ body: json as string, headers: { 'Content-Type': 'application/json' } }),
        navigator.sendBeacon(url as string, new Blob([bytes])),
      ];
    },
    [target, MALLORY],
  );
}

test('a page of another origin cannot register the first account, and the operator can', async () => {
  const { page, gateway } = stage;
  const port = (elsewhere.address() as AddressInfo).port;
  const target = `${gateway.url}/auth/register`;
  for (const host of ['localhost', '127.0.0.1']) {
    const seen = await attack(`http://${host}:${port}/`, target);
    expect(seen).not.toContain(201);
  }
  expect((await gateway.call('GET', '/auth/registration')).json).toMatchObject({
    open: true,
    firstAccount: true,
    setupCodeRequired: false,
  });

  await stage.open('/');
  await page.getByLabel('Email').fill(ACCOUNT.email);
  await page.getByLabel('Password').fill(ACCOUNT.password);
  await page.getByRole('button', { name: 'Create account', exact: true }).click();
  await page.getByText('Which API').waitFor();
});

test('beyond loopback, the first account requires the code from the log', async () => {
  const { page, gateway } = exposed;
  const code = /setup code ([0-9A-Z-]{14})/.exec(gateway.logs)?.[1] ?? '';
  await exposed.open('/');
  await page.getByLabel('Email').fill(ACCOUNT.email);
  await page.getByLabel('Password').fill(ACCOUNT.password);
  await page.getByLabel('Setup code').fill('0000-0000-0000');
  await exposed.expectFine('first-account');
  const create = page.getByRole('button', { name: 'Create account', exact: true });
  await create.click();
  await page.getByText('must be the setup code').waitFor();
  await page.getByLabel('Setup code').fill(code.toLowerCase());
  await create.click();
  await page.getByText('Which API').waitFor();
});

test('a new browser is asked to sign in once there is an account', async () => {
  const page = await stage.another();
  await page.goto(`${stage.gateway.url}/app/`);
  await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
  expect(await page.getByText('Create an account').count()).toBe(0);
});

test('an unknown host name gets an explanation', async () => {
  const page = await stage.another();
  const port = new URL(stage.gateway.url).port;
  // Browsers resolve names below localhost to this machine, as a rebound name would be.
  const response = await page.goto(`http://rebound.localhost:${port}/app/`);
  expect(response?.status()).toBe(421);
  await page.getByRole('heading', { name: 'does not know this host name' }).waitFor();
});
