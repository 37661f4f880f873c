/** A reverse proxy in front of the gateway. */
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A proxy that passes everything on to a gateway, and removes a path from the start of each address. */
export class ReverseProxy {
  /** The gateway's address, which is known after that of the proxy. */
  gatewayUrl = '';
  /** How late responses are passed on, in milliseconds, by path. */
  readonly lateMs = new Map<string, number>();
  /** The paths whose responses are lost. */
  readonly losing = new Set<string>();
  /** The requests whose responses were lost. */
  readonly lost: string[] = [];
  /** The addresses of requests outside the proxy's path. */
  readonly strays: string[] = [];

  private constructor(
    private readonly server: Server,
    private readonly path: string,
  ) {}

  /** Listens. `path` has no slash at its end. */
  static async listen(path = ''): Promise<ReverseProxy> {
    const server = createServer();
    const proxy = new ReverseProxy(server, path);
    server.on('request', (incoming, outgoing) => {
      const address = incoming.url ?? '/';
      if (!address.startsWith(`${path}/`)) {
        proxy.strays.push(address);
        outgoing.writeHead(404).end();
        return;
      }
      const passedOn = address.slice(path.length);
      const { method, headers } = incoming;
      const passed = request(proxy.gatewayUrl + passedOn, { method, headers }, (response) => {
        if (proxy.losing.has(passedOn)) {
          proxy.lost.push(`${method} ${passedOn}`);
          incoming.socket.destroy();
          response.destroy();
          return;
        }
        const pass = () => {
          outgoing.writeHead(response.statusCode ?? 502, response.headers);
          response.pipe(outgoing);
        };
        const late = proxy.lateMs.get(passedOn);
        if (late === undefined) pass();
        else setTimeout(pass, late);
      });
      passed.on('error', () => outgoing.destroy());
      // A stream whose reader has left would keep its connection to the gateway.
      outgoing.on('close', () => passed.destroy());
      incoming.pipe(passed);
    });
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** The address of the gateway behind it. */
  get url(): string {
    return `http://127.0.0.1:${this.port}${this.path}`;
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}
