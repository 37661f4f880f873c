/** A push service, and the keys of a browser that is subscribed to it. */
import { execFileSync } from 'node:child_process';
import { createECDH, type ECDH, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ece from 'http_ece';

/** A message that a push service got for a browser. */
export interface Pushed {
  path: string;
  body: Buffer;
}

/** A push service with TLS, whose certificate is in `certificate`. */
export class PushService {
  readonly received: Pushed[] = [];

  private constructor(
    private readonly server: Server,
    private readonly folder: string,
  ) {}

  static async start(): Promise<PushService> {
    const folder = mkdtempSync(join(tmpdir(), 'gaiterguard-push-'));
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    // The certificate of a server, which the default of the command is not.
    name.push('-addext', 'basicConstraints=critical,CA:FALSE');
    execFileSync(
      'openssl',
      ['req', '-x509', ...curve, ...name, '-days', '2', '-keyout', key, '-out', certificate],
      { stdio: 'ignore' },
    );
    const server = createServer({ key: readFileSync(key), cert: readFileSync(certificate) });
    const service = new PushService(server, folder);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk) => chunks.push(chunk));
      request.on('end', () => {
        service.received.push({ path: request.url ?? '', body: Buffer.concat(chunks) });
        response.statusCode = 201;
        response.end();
      });
    });
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    return service;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get certificate(): string {
    return join(this.folder, 'certificate.pem');
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
    rmSync(this.folder, { recursive: true });
  }
}

/** The subscription of a browser, as its push service makes it. */
export class Subscription {
  private readonly key: ECDH = createECDH('prime256v1');
  private readonly auth = randomBytes(16);
  readonly endpoint: string;

  constructor(service: PushService, path: string) {
    this.key.generateKeys();
    this.endpoint = `https://localhost:${service.port}${path}`;
  }

  /** The subscription as `PushSubscription.toJSON()` returns it. */
  toJSON() {
    return {
      endpoint: this.endpoint,
      keys: {
        p256dh: this.key.getPublicKey().toString('base64url'),
        auth: this.auth.toString('base64url'),
      },
    };
  }

  /** Returns the text of a message, as the browser decrypts it. */
  read({ body }: Pushed): string {
    return ece
      .decrypt(body, {
        version: 'aes128gcm',
        privateKey: this.key,
        authSecret: this.auth.toString('base64url'),
      })
      .toString();
  }
}
