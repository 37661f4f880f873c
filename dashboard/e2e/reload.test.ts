import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Stage } from './page';

/** How late the response to a refresh is, so that it arrives after the page that asked is gone. */
const LATE_MS = 400;

let stage: Stage;
let slow: Server;
let url: string;

/** Starts a server that passes everything on to the gateway, and its refreshes late. */
async function startSlow(): Promise<Server> {
  const server = createServer((incoming, outgoing) => {
    const { method, url: path, headers } = incoming;
    const to = `${stage.gateway.url}${path}`;
    const passed = request(to, { method, headers }, (response) => {
      const pass = () => {
        outgoing.writeHead(response.statusCode ?? 502, response.headers);
        response.pipe(outgoing);
      };
      setTimeout(pass, path === '/auth/refresh' ? LATE_MS : 0);
    });
    passed.on('error', () => outgoing.destroy());
    incoming.pipe(passed);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return server;
}

beforeAll(async () => {
  slow = await startSlow();
  url = `http://127.0.0.1:${(slow.address() as AddressInfo).port}`;
  stage = await Stage.start({ PUBLIC_URL: url });
  await stage.signIn();
  await stage.page.goto(`${url}/app/`);
  await stage.page.getByRole('heading', { name: 'Queue' }).waitFor();
});

afterAll(async () => {
  await stage?.stop();
  slow?.closeAllConnections();
  slow?.close();
});

/** Reloads the page, and returns while it waits for the token of its session. */
async function reload() {
  const refreshing = stage.page.waitForRequest('**/auth/refresh');
  await stage.page.reload({ waitUntil: 'commit' });
  await refreshing;
}

test('a page that is left while it resumes its session keeps it', async () => {
  const { page } = stage;
  const token = async () =>
    (await page.context().cookies(`${url}/auth`)).find(({ name }) => name === 'gaiterguard_refresh')
      ?.value;
  const before = await token();
  await reload();
  await page.goto('about:blank');
  await expect.poll(token).not.toBe(before);
  await page.goto(`${url}/app/`);
  await page.getByRole('heading', { name: 'Queue' }).waitFor();
});

test('a page that is reloaded four times in a row stays signed in', async () => {
  const { page } = stage;
  for (let at = 0; at < 4; at += 1) await reload();
  await page.getByRole('heading', { name: 'Queue' }).waitFor();
  for (let at = 0; at < 4; at += 1) await page.reload({ waitUntil: 'domcontentloaded' });
  await page.getByRole('heading', { name: 'Queue' }).waitFor();
});
