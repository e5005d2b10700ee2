import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createFaults, type Fault, type Faults } from './faults.ts';

/** One call that an emulator answers. `path` may hold `:name` segments; a last segment `*name` takes the rest. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly handle: (call: Call) => Reply | Promise<Reply>;
}

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  /** The body as JSON; throws a SyntaxError that `onError` turns into the emulated service's own words. */
  json(): unknown;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A Buffer or string goes out as it is, anything else as JSON; undefined is an empty body. */
  readonly body?: unknown;
}

export interface ServerOptions {
  readonly routes: readonly Route[];
  /** 0 or absent: the system picks one. */
  readonly port?: number;
  /** The address to listen on; 127.0.0.1 unless the emulator runs in a container of its own. */
  readonly host?: string;
  readonly upgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /** The emulated service's answer for a call it does not know. */
  readonly unknown: (call: Call) => Reply;
  /** The emulated service's answer when a route throws. */
  readonly onError: (error: unknown, call: Call) => Reply;
}

export interface EmulatorServer extends AsyncDisposable {
  /** scheme://host:port, without a slash at its end. */
  readonly url: string;
  readonly port: number;
  readonly routes: readonly Route[];
  readonly faults: Faults;
}

/**
 * Starts an emulator's HTTP server, on 127.0.0.1 unless told otherwise. Every emulator also answers `GET|POST|DELETE /_emu/faults`.
 * Rejects with the system's error (EADDRINUSE) when the port is taken.
 */
export async function startServer(options: ServerOptions): Promise<EmulatorServer> {
  const faults = createFaults();
  const routes = [...options.routes, ...faultRoutes(faults)];
  const match = matcher(routes);
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    // A client that hangs up in the middle of its body, for one: there is nobody left to answer.
    answer(request, response).catch(() => request.socket.destroy());
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://emulator');
    const method = request.method ?? 'GET';
    const body = await readBody(request);
    const found = match(method, url.pathname);
    const call: Call = {
      method,
      path: url.pathname,
      params: found?.params ?? {},
      query: url.searchParams,
      headers: request.headers,
      body,
      json: () => JSON.parse(body.toString('utf8')),
    };
    const fault = url.pathname.startsWith('/_emu/')
      ? undefined
      : faults.take(method, url.pathname, body.toString('utf8'));
    if (fault?.delayMs !== undefined) await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
    if (fault?.drop === 'before') return void request.socket.destroy();
    if (fault?.status !== undefined)
      return send(response, { status: fault.status, headers: fault.headers ?? {}, body: fault.body ?? '' });
    let reply: Reply;
    try {
      reply = found === undefined ? options.unknown(call) : await found.route.handle(call);
    } catch (error) {
      reply = options.onError(error, call);
    }
    if (fault?.drop === 'after') return void request.socket.destroy();
    send(response, reply);
  }

  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  if (options.upgrade !== undefined) server.on('upgrade', options.upgrade);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, options.host ?? '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    routes: options.routes,
    faults,
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function send(response: ServerResponse, reply: Reply): void {
  const { status = 200, headers = {}, body } = reply;
  const raw = Buffer.isBuffer(body) || typeof body === 'string';
  const type = raw ? 'text/plain; charset=utf-8' : 'application/json; charset=utf-8';
  const bytes = raw ? body : body === undefined ? '' : JSON.stringify(body);
  response.writeHead(status, { ...(body === undefined ? {} : { 'content-type': type }), ...headers });
  response.end(bytes);
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** A malformed `%` stands for itself, as servers that are asked for nonsense have it. */
function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

function matcher(routes: readonly Route[]) {
  const compiled = routes.map((route) => ({ route, pattern: pattern(route.path) }));
  return (method: string, path: string) => {
    for (const { route, pattern } of compiled) {
      if (route.method !== method) continue;
      const found = pattern.exec(path);
      if (found === null) continue;
      const params = Object.entries(found.groups ?? {}).map(([name, value]) => [name, decoded(value)] as const);
      return { route, params: Object.fromEntries(params) };
    }
    return undefined;
  };
}

/** `/a/:b/*c` as a regular expression; a colon inside a segment (`models/x:predict`) stands for itself when no name follows a slash. */
function pattern(path: string): RegExp {
  const source = path
    .split('/')
    .map((segment) => {
      const named = /^([:*])([a-zA-Z]+)(.*)$/.exec(segment);
      if (named === null) return segment.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      const [, mark, name, rest = ''] = named;
      const value = mark === '*' ? '.+' : rest === '' ? '[^/]+' : '[^/:]+';
      return `(?<${name}>${value})${rest.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`;
    })
    .join('/');
  return new RegExp(`^${source}$`);
}

function faultRoutes(faults: Faults): Route[] {
  return [
    { method: 'GET', path: '/_emu/faults', handle: () => ({ body: faults.list() }) },
    {
      method: 'POST',
      path: '/_emu/faults',
      handle: (call) => {
        faults.add(call.json() as Fault);
        return { status: 204 };
      },
    },
    {
      method: 'DELETE',
      path: '/_emu/faults',
      handle: () => {
        faults.clear();
        return { status: 204 };
      },
    },
  ];
}
