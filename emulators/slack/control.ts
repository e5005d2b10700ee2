import { z } from 'zod';
import type { Reply, Route } from '../core/server.ts';
import type { Values } from './methods/method.ts';
import type { Delivery } from './outbox.ts';
import type { Hands } from './people.ts';
import type { StoredMessage } from './store.ts';
import type { JournalEntry } from './web-api.ts';
import type { Channel } from './world.ts';

/** Handles for tests and for `/_emu/`. */
export interface SlackControls extends Hands {
  /** Delivers the latest event that a person caused once more, as after a lost acknowledgement. */
  redeliver(): void;
  /** Asks every socket to come again. */
  refresh(): void;
  /** Breaks every socket. */
  drop(): void;
  /** Takes a token back, as an admin who removes the app does. */
  revoke(token: 'bot' | 'app'): void;
  addChannel(channel: Channel): void;
  /** Sends an event that no message caused. */
  emit(event: Values): void;
  /** Everything said, oldest first, with what a reader sees and whom it notified. */
  transcript(): readonly TranscriptEntry[];
  deliveries(): readonly Delivery[];
  /** Every Web API call, in order. */
  calls(): readonly JournalEntry[];
  /** Open sockets. */
  sockets(): number;
}

interface TranscriptEntry extends StoredMessage {
  readonly shown: string;
  readonly pinged: readonly string[];
}

const said = z.object({
  person: z.string(),
  channel: z.string(),
  text: z.string(),
  thread: z.string().optional(),
});

const changed = z.object({ person: z.string(), channel: z.string(), ts: z.string() });

const done: Reply = { status: 204 };

/** The same handles as the emulator's functions, over HTTP, for tests in other processes. */
export function controlRoutes(controls: () => SlackControls): readonly Route[] {
  const post = (path: string, act: (body: unknown) => unknown): Route => ({
    method: 'POST',
    path: `/_emu/${path}`,
    handle: async (call) => {
      try {
        const result = await act(call.body.length === 0 ? {} : call.json());
        return result === undefined ? done : { body: result };
      } catch (error) {
        return { status: 409, body: { error: error instanceof Error ? error.message : String(error) } };
      }
    },
  });
  const get = (path: string, read: () => unknown): Route => ({
    method: 'GET',
    path: `/_emu/${path}`,
    handle: () => ({ body: read() }),
  });
  return [
    post('say', async (body) => {
      const { person, channel, text, thread } = said.parse(body);
      return await controls().say(person, channel, text, { thread });
    }),
    post('command', async (body) => {
      const { person, channel, text } = said.parse(body);
      await controls().command(person, channel, text);
    }),
    post('edit', (body) => {
      const { person, channel, ts, text } = changed.extend({ text: z.string() }).parse(body);
      controls().edit(person, channel, ts, text);
    }),
    post('delete', (body) => {
      const { person, channel, ts } = changed.parse(body);
      controls().remove(person, channel, ts);
    }),
    post('redeliver', () => controls().redeliver()),
    post('refresh', () => controls().refresh()),
    post('drop', () => controls().drop()),
    post('revoke', (body) => controls().revoke(z.object({ token: z.enum(['bot', 'app']) }).parse(body).token)),
    get('transcript', () => controls().transcript()),
    get('deliveries', () => controls().deliveries()),
    get('calls', () => controls().calls()),
  ];
}
