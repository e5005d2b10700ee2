import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import type { Receipt, Transport } from './outbox.ts';
import { yoda } from './world.ts';

export interface Sockets extends Transport {
  /** Hands out the address for one connection; `host` is host:port. */
  open(host: string): string;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Asks every connection to come again, as Slack does every few hours; the old ones get nothing more. */
  refresh(): void;
  /** Breaks every connection without a word. */
  drop(): void;
  /** Says that Socket Mode or the app is gone, and closes. */
  disable(): void;
  /** Connections that have said hello and are not being refreshed. */
  readonly count: number;
}

/** An app may hold ten (docs.slack.dev/apis/events-api/using-socket-mode, "Using multiple connections"). */
const mostConnections = 10;
/** After it asked for a refresh, Slack closes the connection itself if the app does not. */
const refreshGraceMs = 10_000;

const acknowledgement = z.object({ envelope_id: z.string(), payload: z.unknown().optional() });

/** Socket Mode: one websocket server, envelopes out, acknowledgements in. */
export function createSockets(): Sockets {
  const server = new WebSocketServer({ noServer: true });
  const tickets = new Set<string>();
  const live: WebSocket[] = [];
  const waiting = new Map<string, (receipt: Receipt) => void>();
  let arrival = Promise.withResolvers<void>();
  let turn = 0;

  function welcome(socket: WebSocket): void {
    // Every envelope under way waits for the socket's end; a burst is no leak.
    socket.setMaxListeners(0);
    const alive = setInterval(() => socket.ping(), 5000);
    socket.on('close', () => {
      clearInterval(alive);
      retire(socket);
    });
    socket.on('error', () => socket.terminate());
    socket.on('message', (data) => {
      const ack = acknowledgement.safeParse(parseJson(String(data)));
      if (ack.success) waiting.get(ack.data.envelope_id)?.({ kind: 'acknowledged', response: ack.data.payload });
    });
    live.push(socket);
    socket.send(
      JSON.stringify({
        type: 'hello',
        num_connections: live.length,
        debug_info: { host: 'applink-emulator', build_number: 1, approximate_connection_time: 18_060 },
        connection_info: { app_id: yoda.app },
      }),
    );
    arrival.resolve();
    arrival = Promise.withResolvers<void>();
  }

  function retire(socket: WebSocket): void {
    const at = live.indexOf(socket);
    if (at >= 0) live.splice(at, 1);
  }

  function sayGoodbye(reason: 'refresh_requested' | 'link_disabled', graceMs: number): void {
    for (const socket of [...live]) {
      retire(socket);
      socket.send(JSON.stringify({ type: 'disconnect', reason, debug_info: { host: 'applink-emulator' } }));
      const timer = setTimeout(() => socket.terminate(), graceMs);
      socket.on('close', () => clearTimeout(timer));
    }
  }

  return {
    open(host) {
      const ticket = randomUUID();
      tickets.add(ticket);
      return `ws://${host}/link/?ticket=${ticket}&app_id=${yoda.app}`;
    },
    upgrade(request, socket, head) {
      const ticket = new URL(request.url ?? '/', 'http://emulator').searchParams.get('ticket') ?? '';
      if (!tickets.delete(ticket) || live.length >= mostConnections) {
        socket.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\n\r\n');
        return;
      }
      server.handleUpgrade(request, socket, head, welcome);
    },
    async send({ type, payload, retry }, timeoutMs) {
      const socket = live[turn++ % Math.max(1, live.length)];
      if (socket === undefined) return { kind: 'unreachable', reason: 'timeout' };
      const id = randomUUID();
      const { promise, resolve } = Promise.withResolvers<Receipt>();
      const timer = setTimeout(() => resolve({ kind: 'failed', reason: 'timeout' }), timeoutMs);
      const gone = () => resolve({ kind: 'unreachable', reason: 'timeout' });
      socket.once('close', gone);
      waiting.set(id, resolve);
      const attempt =
        type === 'events_api' ? { retry_attempt: retry?.num ?? 0, retry_reason: retry?.reason ?? '' } : {};
      const accepts = type !== 'events_api';
      socket.send(JSON.stringify({ envelope_id: id, type, accepts_response_payload: accepts, ...attempt, payload }));
      try {
        return await promise;
      } finally {
        clearTimeout(timer);
        socket.off('close', gone);
        waiting.delete(id);
      }
    },
    reachable: () => (live.length > 0 ? Promise.resolve() : arrival.promise),
    refresh: () => sayGoodbye('refresh_requested', refreshGraceMs),
    disable: () => sayGoodbye('link_disabled', 100),
    drop() {
      for (const socket of [...live]) {
        retire(socket);
        socket.terminate();
      }
    },
    get count() {
      return live.length;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of server.clients) socket.terminate();
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      await closed.promise;
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
