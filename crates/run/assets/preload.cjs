"use strict";
// Makes `fetch`, `WebSocket`, `http` and `https` of Node.js use the proxy of HTTPS_PROXY. Loaded with `--require`
// before the program.
//
// Node.js 22.21, 24.5 and newer do it themselves with NODE_USE_ENV_PROXY, except for agents that libraries create
// without `proxyEnv`. So this replaces methods of the agents, not the agents, and leaves those alone that Node.js has
// set up. Bun and Deno have clients of their own, which read the variables.

const isOtherRuntime = Boolean(process.versions.bun || process.versions.deno);
if (!isOtherRuntime && process.env.HTTPS_PROXY) {
  useProxy(new URL(process.env.HTTPS_PROXY));
}

function useProxy(proxy) {
  const http = require("node:http");
  const https = require("node:https");
  const net = require("node:net");
  const tls = require("node:tls");
  const { Duplex } = require("node:stream");

  // The longest head of the proxy's response to CONNECT, in bytes: that of Node.js for any response.
  const HEAD_BYTES_MAX = 16 * 1024;

  const user = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  const authorization = `Basic ${Buffer.from(user).toString("base64")}`;
  const proxyHost = withoutBrackets(proxy.hostname);
  const proxyPort = Number(proxy.port) || (proxy.protocol === "https:" ? 443 : 80);
  const exemptions = (process.env.NO_PROXY ?? "").toLowerCase().split(/[\s,]+/).filter(Boolean);

  function withoutBrackets(host) {
    return host.replace(/^\[(.*)\]$/, "$1");
  }

  function withBrackets(host) {
    return host.includes(":") ? `[${host}]` : host;
  }

  // The rules of Node.js: a name, a name with a port, or a beginning `.` or `*.` for all names below.
  function isExempt(host, port) {
    const name = withoutBrackets(String(host)).toLowerCase();
    return exemptions.some((entry) => {
      if (entry === "*" || entry === name || entry === `${name}:${port}`) return true;
      const below = entry.replace(/^\*/, "");
      return below.startsWith(".") && name.endsWith(below);
    });
  }

  function connectToProxy() {
    const socket =
      proxy.protocol === "https:"
        ? tls.connect({ host: proxyHost, port: proxyPort, servername: net.isIP(proxyHost) ? "" : proxyHost })
        : net.connect({ host: proxyHost, port: proxyPort });
    return socket.setNoDelay(true);
  }

  // A connection through the proxy. It can be written to before the proxy has accepted it, because some libraries
  // expect an agent to return a socket immediately.
  class Tunnel extends Duplex {
    constructor(host, port) {
      super({ allowHalfOpen: true });
      const authority = `${withBrackets(withoutBrackets(host))}:${port}`;
      this.socket = connectToProxy();
      this.isOpen = false;
      this.whenOpen = [];
      let head = Buffer.alloc(0);
      const readHead = (piece) => {
        head = Buffer.concat([head, piece]);
        const end = head.indexOf("\r\n\r\n");
        if (end < 0 && head.length <= HEAD_BYTES_MAX) return;
        this.socket.off("data", readHead);
        const [status] = head.toString("latin1").split("\r\n", 1);
        if (end < 0 || !/^HTTP\/1\.[01] 2\d\d\b/.test(status)) {
          this.destroy(new Error(`the proxy refused to connect to ${authority}: ${status.slice(0, 200)}`));
          return;
        }
        this.open(head.subarray(end + 4));
      };
      this.socket.on("data", readHead);
      this.socket.on("error", (error) => this.destroy(error));
      this.socket.on("close", () => this.destroy());
      this.socket.write(
        `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\nProxy-Authorization: ${authorization}\r\n\r\n`,
      );
    }

    open(first) {
      this.isOpen = true;
      if (first.length > 0) this.push(first);
      this.socket.on("data", (piece) => {
        if (!this.push(piece)) this.socket.pause();
      });
      this.socket.on("end", () => this.push(null));
      for (const action of this.whenOpen.splice(0)) action();
    }

    _read() {
      this.socket.resume();
    }

    _write(piece, _encoding, done) {
      this.afterOpening(() => this.socket.write(piece, done));
    }

    _final(done) {
      this.afterOpening(() => this.socket.end(done));
    }

    _destroy(error, done) {
      this.socket.destroy();
      done(error);
    }

    afterOpening(action) {
      if (this.isOpen) action();
      else this.whenOpen.push(action);
    }
  }

  // Lets the TLS connection fail with the tunnel, and lets an idle one not keep the program alive.
  function bind(secure, tunnel) {
    tunnel.on("error", (error) => secure.destroy(error));
    for (const name of ["ref", "unref", "setKeepAlive"]) {
      secure[name] = (...values) => {
        tunnel.socket[name](...values);
        return secure;
      };
    }
    return secure;
  }

  // Whether Node.js makes this agent use the proxy.
  function isSetUp(agent) {
    return Boolean(agent.options?.proxyEnv);
  }

  // `https`, with every agent: over a tunnel.
  const connectDirectly = https.Agent.prototype.createConnection;
  https.Agent.prototype.createConnection = function createConnection(...values) {
    const [port, host] = values;
    const options = port !== null && typeof port === "object" ? port : { ...values[2], port, host };
    const target = options.host ?? "localhost";
    const isOther = options.socket || options.socketPath || isSetUp(this);
    if (isOther || isExempt(target, options.port)) {
      return connectDirectly.apply(this, values);
    }
    const tunnel = new Tunnel(target, options.port ?? 443);
    return bind(connectDirectly.call(this, { ...options, socket: tunnel }), tunnel);
  };

  // `http`, with every agent: to the proxy, with the whole URL as the request target (RFC 9112 section 3.2.2).
  const addDirectly = http.Agent.prototype.addRequest;
  http.Agent.prototype.addRequest = function addRequest(request, options, ...rest) {
    const isPlain = this.protocol === "http:" && options !== null && typeof options === "object";
    const target = isPlain ? (options.host ?? "localhost") : "";
    const isUrl = /^https?:\/\//.test(request.path);
    const isOther = isUrl || options?.socketPath || isSetUp(this);
    if (!isPlain || isOther || isExempt(target, options.port)) {
      return addDirectly.call(this, request, options, ...rest);
    }
    const port = Number(options.port ?? 80);
    const authority = withBrackets(withoutBrackets(target)) + (port === 80 ? "" : `:${port}`);
    request.path = `http://${authority}${request.path}`;
    if (Array.isArray(options.headers)) {
      const headers = [...options.headers, "Proxy-Authorization", authorization];
      request._storeHeader(`${request.method} ${request.path} HTTP/1.1\r\n`, headers);
    } else {
      const isStored = request._header !== null;
      request._header = null;
      request.setHeader("Proxy-Authorization", authorization);
      if (isStored) request._implicitHeader();
    }
    const toProxy = { ...options, host: proxyHost, hostname: proxyHost, port: proxyPort };
    return addDirectly.call(this, request, toProxy, ...rest);
  };
  if (proxy.protocol === "https:") {
    http.Agent.prototype.createConnection = function createConnection(options, ...rest) {
      const isProxy = options?.host === proxyHost && Number(options.port) === proxyPort;
      return isProxy ? connectToProxy() : net.connect(options, ...rest);
    };
  }

  // A request to open a WebSocket, which the package `ws` sends without an agent: with the usual one.
  for (const client of [http, https]) {
    const requestDirectly = client.request;
    client.request = function request(...values) {
      const [options] = values;
      const isOptions = options !== null && typeof options === "object" && !(options instanceof URL);
      const opensWebSocket = isOptions && /^websocket$/i.test(options.headers?.Upgrade ?? "");
      if (!opensWebSocket || options.agent !== undefined || options.socketPath) {
        return requestDirectly.apply(this, values);
      }
      return requestDirectly.call(this, { ...options, createConnection: undefined }, ...values.slice(1));
    };
  }

  // `fetch` and `WebSocket` share a dispatcher, which Node.js publishes under this symbol when it loads their client.
  // Loading it takes a while, so this waits until one of them is used.
  const DISPATCHER = Symbol.for("undici.globalDispatcher.1");
  let isDone = false;
  function useProxyInFetch() {
    if (isDone) return;
    isDone = true;
    new globalThis.Headers();
    const current = globalThis[DISPATCHER];
    // That of Node.js 22.21 to 25 opens a tunnel for `http` URLs, too, in which the gateway expects TLS.
    // A program can have set one of its own only if it has loaded `undici`, and then this has run before.
    if (current?.constructor?.name === "EnvHttpProxyAgent") {
      globalThis[DISPATCHER] = new current.constructor({ proxyTunnel: false });
      return;
    }
    // Any other dispatcher is the choice of the program.
    if (current?.constructor?.name !== "Agent") return;
    class ProxyDispatcher extends current.constructor {
      dispatch(options, handler) {
        const url = new URL(options.origin);
        if (url.protocol !== "http:" || isExempt(url.hostname, url.port || 80)) {
          return super.dispatch(options, handler);
        }
        const added = { host: url.host, "proxy-authorization": authorization };
        const path = `${url.origin}${options.path}`;
        const headers = withHeaders(options.headers, added);
        return super.dispatch({ ...options, origin: proxy.origin, path, headers }, handler);
      }
    }
    globalThis[DISPATCHER] = new ProxyDispatcher({ connect });
  }

  // The headers of a request are an object, pairs, or a flat list of names and values.
  function withHeaders(headers, added) {
    if (!headers) return added;
    if (Array.isArray(headers) && !Array.isArray(headers[0])) {
      return [...headers, ...Object.entries(added).flat()];
    }
    const pairs = typeof headers[Symbol.iterator] === "function" ? [...headers] : Object.entries(headers);
    return Object.fromEntries([...pairs, ...Object.entries(added)]);
  }

  // Connects as `fetch` expects it: calls back once, with a socket on which HTTP can begin.
  function connect(target, callback) {
    const { protocol, servername } = target;
    const host = withoutBrackets(target.hostname);
    const port = Number(target.port) || (protocol === "https:" ? 443 : 80);
    const isProxy = host === proxyHost && port === proxyPort;
    let socket;
    if (isProxy) {
      socket = connectToProxy();
    } else if (protocol !== "https:") {
      socket = net.connect({ host, port });
    } else {
      const options = { servername: servername || (net.isIP(host) ? "" : host), ALPNProtocols: ["http/1.1"] };
      if (isExempt(host, port)) {
        socket = tls.connect({ ...options, host, port });
      } else {
        const tunnel = new Tunnel(host, port);
        socket = bind(tls.connect({ ...options, host, socket: tunnel }), tunnel);
      }
    }
    let isCalled = false;
    const done = (error) => {
      if (isCalled) return;
      isCalled = true;
      callback(error, error ? null : socket);
    };
    socket.once(socket.encrypted ? "secureConnect" : "connect", () => done(null));
    // More than one error can follow a refusal, and an error without a listener ends the program.
    socket.on("error", done);
    return socket;
  }

  // The package `undici` uses the same dispatcher, and creates it if it is loaded first.
  const Module = require("node:module");
  const load = Module._load;
  Module._load = function _load(request, ...rest) {
    const loaded = load.call(this, request, ...rest);
    if (/(^|[\\/])undici([\\/]index\.js)?$/.test(request)) useProxyInFetch();
    return loaded;
  };

  const fetchDirectly = globalThis.fetch;
  if (typeof fetchDirectly === "function") {
    globalThis.fetch = function fetch(...values) {
      useProxyInFetch();
      return fetchDirectly.apply(this, values);
    };
  }
  const webSocket = Object.getOwnPropertyDescriptor(globalThis, "WebSocket");
  if (webSocket?.configurable && webSocket.get) {
    Object.defineProperty(globalThis, "WebSocket", {
      ...webSocket,
      get() {
        useProxyInFetch();
        return webSocket.get.call(globalThis);
      },
    });
  }
}
