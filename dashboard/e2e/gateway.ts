/** The real gateway on a temporary SQLite database, an upstream that records its requests, and a browser. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, copyFileSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium } from 'playwright-core';

const BINARY =
  process.env.GAITERGUARD_BINARY ?? join(import.meta.dirname, '../../target/debug/gaiterguard');
const START_MS = 30_000;
const LOG = 'gateway.log';

/** The account of every test. */
export const ACCOUNT = { email: 'you@example.com', password: 'correct horse battery' };

/** A server that responds to everything and records its requests. */
export class Upstream {
  readonly received: string[] = [];
  /** The `Authorization` header of each request. */
  readonly authorized: Array<string | undefined> = [];
  /** Response bodies by path. */
  readonly bodies = new Map<string, string>();
  /** Status codes by path; 200 without one. A redirect leads to `/elsewhere`. */
  readonly statuses = new Map<string, number>();
  private constructor(private readonly server: Server) {}

  static async start(): Promise<Upstream> {
    const server = createServer();
    const upstream = new Upstream(server);
    server.on('request', (request, response) => {
      upstream.received.push(`${request.method} ${request.url}`);
      upstream.authorized.push(request.headers.authorization);
      // Closing the connection leaves the gateway with an unknown outcome.
      if (request.url?.startsWith('/breaks')) return void request.socket.destroy();
      response.statusCode = upstream.statuses.get(request.url ?? '') ?? 200;
      if (response.statusCode === 302) response.setHeader('Location', '/elsewhere');
      response.end(upstream.bodies.get(request.url ?? '') ?? 'done');
    });
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    return upstream;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Returns what it has received and how it responds. */
  remember() {
    const { received, authorized, bodies, statuses } = this;
    return {
      receivedCount: received.length,
      authorizedCount: authorized.length,
      bodies: [...bodies],
      statuses: [...statuses],
    };
  }

  /** Forgets what it has received since, and responds as it did then. */
  restore(then: ReturnType<Upstream['remember']>): void {
    this.received.length = then.receivedCount;
    this.authorized.length = then.authorizedCount;
    this.bodies.clear();
    for (const [path, body] of then.bodies) this.bodies.set(path, body);
    this.statuses.clear();
    for (const [path, status] of then.statuses) this.statuses.set(path, status);
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

/** Copies a database that is in use, once for each line of its input. */
const COPYING = `import os, sqlite3, sys
for line in sys.stdin:
    if os.path.exists(sys.argv[2]): os.remove(sys.argv[2])
    source = sqlite3.connect(sys.argv[1], timeout=10)
    target = sqlite3.connect(sys.argv[2])
    source.backup(target)
    target.close()
    source.close()
    print('copied', flush=True)`;

/** A running gateway. */
export class Gateway {
  /** Copies the database; started when it is first needed. */
  private copier: ChildProcess | undefined;

  private constructor(
    private child: ChildProcess,
    private readonly folder: string,
    private readonly env: NodeJS.ProcessEnv,
    readonly url: string,
  ) {}

  /** Starts a gateway; `settings` are additional environment variables, in which `{PORT}` is its port. */
  static async start(
    upstreamPort: number,
    settings: Record<string, string> = {},
  ): Promise<Gateway> {
    const folder = mkdtempSync(join(tmpdir(), 'gaiterguard-browser-'));
    const port = await freePort();
    const env = {
      PATH: process.env.PATH,
      PORT: `${port}`,
      DATA_DIR: join(folder, 'data'),
      UPSTREAM_PRIVATE_ALLOW: `127.0.0.1/32:${upstreamPort}`,
      LOG: 'warn',
      ...Object.fromEntries(
        Object.entries(settings).map(([name, value]) => [name, value.replace('{PORT}', `${port}`)]),
      ),
    };
    const child = run(folder, env);
    const gateway = new Gateway(child, folder, env, `http://127.0.0.1:${port}`);
    await gateway.untilReady();
    return gateway;
  }

  /** Returns its log. */
  get logs(): string {
    return readFileSync(join(this.folder, LOG), 'utf8');
  }

  /** Changes its database directly. */
  change(statement: string): void {
    const script =
      'import sqlite3, sys; base = sqlite3.connect(sys.argv[1], timeout=10);' +
      'base.execute(sys.argv[2]); base.commit()';
    execFileSync('python3', ['-c', script, this.database, statement]);
  }

  private get database(): string {
    return join(this.folder, 'data', 'gaiterguard.db');
  }

  /** Where the copy of its database is. */
  private get kept(): string {
    return join(this.folder, 'kept.db');
  }

  /** Keeps a copy of its database, in place of an earlier one. */
  async keep(): Promise<void> {
    this.copier ??= spawn('python3', ['-c', COPYING, this.database, this.kept], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const { stdin, stdout } = this.copier;
    const copied = new Promise((resolve) => stdout?.once('data', resolve));
    stdin?.write('\n');
    await copied;
  }

  /** Restarts it on the copy of its database. */
  async restore(): Promise<void> {
    this.kill();
    await this.exited();
    for (const suffix of ['', '-wal', '-shm']) rmSync(this.database + suffix, { force: true });
    copyFileSync(this.kept, this.database);
    await this.startAgain();
  }

  /** Kills it. */
  kill(): void {
    this.child.kill('SIGKILL');
  }

  /** Restarts it on the same data, after the killed process has exited. */
  async startAgain(): Promise<void> {
    await this.exited();
    this.child = run(this.folder, this.env);
    await this.untilReady();
  }

  private async exited(): Promise<void> {
    const { child } = this;
    if (child.exitCode !== null || child.signalCode !== null) return;
    await new Promise((gone) => child.once('exit', gone));
  }

  private async untilReady(): Promise<void> {
    const deadline = Date.now() + START_MS;
    while (!(await this.isReady())) {
      if (Date.now() > deadline) throw new Error(`${BINARY} does not become ready`);
      // Another process may have taken its port in between.
      if (this.child.exitCode !== null) this.child = run(this.folder, this.env);
      await new Promise((later) => setTimeout(later, 50));
    }
  }

  private async isReady(): Promise<boolean> {
    return fetch(`${this.url}/ready`).then(
      (response) => response.ok,
      () => false,
    );
  }

  /** Calls the API and returns status and JSON. */
  async call(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
    // biome-ignore lint/suspicious/noExplicitAny: the test checks the response
  ): Promise<{ status: number; json: any }> {
    const response = await fetch(this.url + path, {
      method,
      headers: { 'Content-Type': 'application/json', ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    return { status: response.status, json: await response.json().catch(() => null) };
  }

  /** Adds a user as another owner of the account's workspace. */
  addOwner({ email, password }: typeof ACCOUNT): void {
    const command = ['user', 'create', email, '--workspace', ACCOUNT.email];
    execFileSync(BINARY, command, { cwd: this.folder, env: this.env, input: password });
  }

  /** Signs a browser in without the form. */
  async signIn(context: BrowserContext, account = ACCOUNT): Promise<void> {
    const response = await context.request.post(`${this.url}/auth/login`, {
      data: { ...account, session: 'cookie' },
    });
    if (!response.ok()) throw new Error(`sign-in: status ${response.status()}`);
  }

  stop(): void {
    this.copier?.kill();
    this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function run(folder: string, env: NodeJS.ProcessEnv): ChildProcess {
  const log = openSync(join(folder, LOG), 'a');
  const child = spawn(BINARY, [], { cwd: folder, env, stdio: ['ignore', 'ignore', log] });
  closeSync(log);
  return child;
}

/** Launches Debian's Chromium without background network access, with additional arguments. */
export function launch(args: readonly string[] = []): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...args,
    ],
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}
