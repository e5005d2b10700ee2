import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import { gate, intents, known, privileged } from './gating.ts';
import { channelPayload, guildPayload, memberPayload, userPayload } from './payloads.ts';
import { dispatched } from './posts.ts';
import { createSessions, type Disturbance, type Send, type Session } from './sessions.ts';
import type { Happening, Store } from './store.ts';
import { guildId, yoda } from './world.ts';

export interface GatewaySettings {
  /** Whether a token is the application's; it may be revoked while the emulator runs. */
  readonly accepts: (token: string) => boolean;
  /** The privileged intents that are switched on in the developer portal. */
  readonly privilegedIntents: number;
  readonly heartbeatMs: number;
}

export interface Gateway {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Sessions that are connected now. */
  readonly connected: () => number;
  /** How many times a client identified, and how many times it resumed. */
  readonly counts: () => { readonly identified: number; readonly resumed: number };
  /** Breaks the connections as a network would; sessions can be resumed. */
  drop(): void;
  /** Opcode 7: asks clients to come back and resume. */
  reconnect(): void;
  /** Opcode 9 with `d: false`: the session is gone, identify anew. */
  invalidate(): void;
  close(code: number, reason: string): void;
  /** Stops or starts answering heartbeats. */
  mute(muted: boolean): void;
  disturb(disturbance: Disturbance): void;
}

const frame = z.object({ op: z.int(), d: z.unknown().optional() });
const identify = z.object({
  token: z.string(),
  intents: z.int(),
  shard: z.tuple([z.int(), z.int()]).default([0, 1]),
});
const resume = z.object({ token: z.string(), session_id: z.string(), seq: z.int().nullable() });
const membersWanted = z.object({ guild_id: z.string(), nonce: z.string().optional() });
/** The largest frame a client may send (docs: gateway, sending events). */
const largestFrame = 4096;

/** Why the gateway closes a connection. */
interface Refusal {
  readonly code: number;
  readonly reason: string;
}

const refuse = (code: number, reason: string): Refusal => ({ code, reason });

interface Connection {
  readonly send: Send;
  /** How this client reaches the gateway. */
  readonly url: string;
  session?: Session;
}

export function createGateway(store: Store, settings: GatewaySettings): Gateway {
  const server = new WebSocketServer({ noServer: true });
  const sessions = createSessions();
  const sockets = new Map<WebSocket, Connection>();
  let muted = false;

  function begin(connection: Connection, d: unknown): Refusal | undefined {
    const asked = identify.safeParse(d);
    if (!asked.success) return refuse(4002, 'Error while decoding payload.');
    const { token, intents: wanted, shard } = asked.data;
    if (!settings.accepts(token)) return refuse(4004, 'Authentication failed.');
    if ((wanted & ~known) !== 0) return refuse(4013, 'Invalid intent(s).');
    if ((wanted & privileged & ~settings.privilegedIntents) !== 0) return refuse(4014, 'Disallowed intent(s).');
    const session = sessions.begin(wanted, connection.send);
    connection.session = session;
    session.dispatch('READY', {
      v: 10,
      user: { ...userPayload(yoda), verified: true, mfa_enabled: true, email: null },
      guilds: [{ id: guildId, unavailable: true }],
      session_id: session.id,
      resume_gateway_url: connection.url,
      session_type: 'normal',
      shard,
      application: { id: yoda.id, flags: (settings.privilegedIntents & intents.messageContent) === 0 ? 0 : 1 << 19 },
    });
    if ((wanted & intents.guilds) !== 0) session.dispatch('GUILD_CREATE', guildPayload(store));
    return undefined;
  }

  function comeBack(connection: Connection, d: unknown): Refusal | undefined {
    const asked = resume.safeParse(d);
    if (!asked.success) return refuse(4002, 'Error while decoding payload.');
    if (!settings.accepts(asked.data.token)) return refuse(4004, 'Authentication failed.');
    const session = sessions.resume(asked.data.session_id, asked.data.seq ?? 0, connection.send);
    if (session === undefined) connection.send({ op: 9, d: false });
    else connection.session = session;
    return undefined;
  }

  function sendMembers(session: Session, d: unknown): void {
    const asked = membersWanted.safeParse(d);
    if (!asked.success || asked.data.guild_id !== guildId) return;
    const members = [...store.people(), yoda].map((person) => ({
      ...memberPayload(person),
      user: userPayload(person),
    }));
    session.dispatch('GUILD_MEMBERS_CHUNK', {
      guild_id: guildId,
      members,
      chunk_index: 0,
      chunk_count: 1,
      ...(asked.data.nonce === undefined ? {} : { nonce: asked.data.nonce }),
    });
  }

  function hear(connection: Connection, raw: Buffer): Refusal | undefined {
    if (raw.length > largestFrame) return refuse(4002, 'Error while decoding payload.');
    const read = frame.safeParse(parseJson(raw));
    if (!read.success) return refuse(4002, 'Error while decoding payload.');
    const { op, d } = read.data;
    const { session } = connection;
    if (op === 1 && !muted) connection.send({ op: 11, d: null });
    if (op === 2) return session ? refuse(4005, 'Already authenticated.') : begin(connection, d);
    if (op === 6) return comeBack(connection, d);
    if (op !== 1 && session === undefined) return refuse(4003, 'Not authenticated.');
    if (op === 8 && session !== undefined) sendMembers(session, d);
    return [1, 3, 4, 8].includes(op) ? undefined : refuse(4001, 'Unknown opcode.');
  }

  server.on('connection', (socket: WebSocket, request: IncomingMessage) => {
    const connection: Connection = {
      url: gatewayUrl(request.headers),
      send: (value) => {
        if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(value));
      },
    };
    sockets.set(socket, connection);
    socket.on('message', (raw: Buffer) => {
      const refusal = hear(connection, raw);
      if (refusal !== undefined) socket.close(refusal.code, refusal.reason);
    });
    socket.on('error', () => socket.terminate());
    socket.on('close', (code) => {
      sockets.delete(socket);
      const { session, send } = connection;
      session?.detach(send);
      if (session !== undefined && (code === 1000 || code === 1001)) sessions.forget(session.id);
    });
    connection.send({ op: 10, d: { heartbeat_interval: settings.heartbeatMs } });
  });

  store.onHappening((happening) => {
    for (const session of sessions.all()) {
      const event = eventFor(session.intents, happening, store);
      if (event !== undefined) session.dispatch(happening.t, event);
    }
  });

  const each = (act: (socket: WebSocket, connection: Connection) => void) => {
    for (const [socket, connection] of [...sockets]) act(socket, connection);
  };
  return {
    upgrade: (request, socket, head) =>
      server.handleUpgrade(request, socket, head, (ws) => server.emit('connection', ws, request)),
    connected: () => [...sockets.values()].filter(({ session }) => session !== undefined).length,
    counts: sessions.counts,
    drop: () => each((socket) => socket.terminate()),
    reconnect: () => each((_, { send }) => send({ op: 7, d: null })),
    invalidate: () =>
      each((_, { session, send }) => {
        if (session !== undefined) sessions.forget(session.id);
        send({ op: 9, d: false });
      }),
    close: (code, reason) => each((socket) => socket.close(code, reason)),
    mute: (on) => {
      muted = on;
    },
    disturb: sessions.disturb,
  };
}

/** The gateway's address by the name under which the client came, which may be that of a container. */
export function gatewayUrl(headers: IncomingMessage['headers']): string {
  return `ws://${headers.host ?? '127.0.0.1'}`;
}

function parseJson(raw: Buffer): unknown {
  try {
    return JSON.parse(raw.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** What a session with these intents hears of it; undefined when nothing. */
function eventFor(has: number, happening: Happening, store: Store): object | undefined {
  if (happening.t === 'INTERACTION_CREATE') return happening.data;
  const { channel } = happening;
  if (channel.botMay === 'nothing') return undefined;
  const direct = channel.kind === 'direct';
  const place = { channel_id: channel.id, ...(direct ? {} : { guild_id: guildId }) };
  switch (happening.t) {
    case 'MESSAGE_CREATE':
    case 'MESSAGE_UPDATE': {
      if ((has & (direct ? intents.directMessages : intents.guildMessages)) === 0) return undefined;
      const mayReadAll = (has & intents.messageContent) !== 0;
      return gate(dispatched(happening.entry, channel, store), mayReadAll, direct);
    }
    case 'MESSAGE_DELETE':
      if ((has & (direct ? intents.directMessages : intents.guildMessages)) === 0) return undefined;
      return { id: happening.id, ...place };
    case 'TYPING_START':
      if ((has & (direct ? intents.directMessageTyping : intents.guildMessageTyping)) === 0) return undefined;
      return { ...place, user_id: happening.person, timestamp: Math.floor(Date.now() / 1000) };
    default:
      if ((has & intents.guilds) === 0) return undefined;
      return { ...channelPayload(channel, store), ...(happening.t === 'THREAD_CREATE' ? { newly_created: true } : {}) };
  }
}
