import { z } from 'zod';
import type { Call, Route } from '../core/server.ts';
import {
  archivedThread,
  directRefused,
  missingAccess,
  missingPermissions,
  notYourMessage,
  threadExists,
  unknownChannel,
  unknownMessage,
  unknownUser,
} from './errors.ts';
import { readForm, snowflakeText, text } from './form.ts';
import { gate } from './gating.ts';
import { readEdit, readMessage } from './message-form.ts';
import { channelPayload } from './payloads.ts';
import { edit, post } from './posts.ts';
import { compareSnowflakes } from './snowflake.ts';
import type { Channel, Entry, Store } from './store.ts';
import { yoda } from './world.ts';

/** How long the bot's sign of typing shows (docs: trigger typing indicator). */
const typingMs = 10_000;

export interface ChannelRules {
  /** Whether the application may read every message's content. */
  readonly mayReadAll: boolean;
  /** How long a nonce is remembered; Discord says "the past few minutes". */
  readonly nonceMs: number;
}

const listQuery = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(50),
  after: snowflakeText.optional(),
  before: snowflakeText.optional(),
});

const threadForm = z.object({ name: text(1, 100), auto_archive_duration: z.int().optional() });

/** What the bot does in channels: messages, their history, threads and the sign of typing. */
export function channelRoutes(store: Store, rules: ChannelRules): Route[] {
  // A nonce is told with the new message alone, not when it is read again.
  const wire = ({ message: { nonce: _once, ...message } }: Entry, channel: Channel) =>
    gate(message, rules.mayReadAll, channel.kind === 'direct');
  return [
    {
      method: 'POST',
      path: '/users/@me/channels',
      handle(call) {
        const { recipient_id: recipient } = readForm(z.object({ recipient_id: snowflakeText }), call.json());
        if (store.person(recipient) === undefined) throw unknownUser();
        return { body: channelPayload(store.directChannel(recipient), store) };
      },
    },
    {
      method: 'GET',
      path: '/channels/:channel',
      handle: (call) => ({ body: channelPayload(readable(call, store), store) }),
    },
    {
      method: 'PATCH',
      path: '/channels/:channel',
      handle(call) {
        const channel = writable(call, store);
        const form = readForm(
          z.object({ name: text(1, 100).optional(), archived: z.boolean().optional() }),
          call.json(),
        );
        channel.name = form.name ?? channel.name;
        channel.archived = form.archived ?? channel.archived;
        if (channel.kind === 'thread') store.publish({ t: 'THREAD_UPDATE', channel });
        return { body: channelPayload(channel, store) };
      },
    },
    {
      method: 'POST',
      path: '/channels/:channel/typing',
      handle(call) {
        const channel = writable(call, store);
        store.typingUntil.set(channel.id, Date.now() + typingMs);
        store.publish({ t: 'TYPING_START', channel, person: yoda.id });
        setTimeout(store.changed, typingMs).unref();
        return { status: 204 };
      },
    },
    {
      method: 'POST',
      path: '/channels/:channel/messages',
      handle(call) {
        const channel = writable(call, store);
        const form = readMessage(call.json());
        if (channel.archived) channel.archived = false; // a message wakes an archived thread
        const same = form.enforce_nonce ? recent(store, channel, String(form.nonce), rules.nonceMs) : undefined;
        return { body: (same ?? post({ channel, author: yoda, form }, store)).message };
      },
    },
    {
      method: 'GET',
      path: '/channels/:channel/messages',
      handle(call) {
        const channel = readable(call, store);
        return { body: listed(call, channel, store).map((entry) => wire(entry, channel)) };
      },
    },
    {
      method: 'GET',
      path: '/channels/:channel/messages/:message',
      handle(call) {
        const channel = readable(call, store);
        return { body: wire(known(call, channel, store), channel) };
      },
    },
    {
      method: 'PATCH',
      path: '/channels/:channel/messages/:message',
      handle(call) {
        const channel = writable(call, store);
        const entry = known(call, channel, store);
        if (entry.message.author.id !== yoda.id) throw notYourMessage();
        if (channel.archived) throw archivedThread();
        return { body: edit(entry, readEdit(call.json()), store).message };
      },
    },
    {
      method: 'DELETE',
      path: '/channels/:channel/messages/:message',
      handle(call) {
        const channel = writable(call, store);
        const entry = known(call, channel, store);
        if (entry.message.author.id !== yoda.id) throw missingPermissions();
        store.remove(channel.id, entry.message.id);
        store.publish({ t: 'MESSAGE_DELETE', id: entry.message.id, channel });
        return { status: 204 };
      },
    },
    {
      method: 'POST',
      path: '/channels/:channel/messages/:message/threads',
      handle(call) {
        const channel = writable(call, store);
        const entry = known(call, channel, store);
        const { name } = readForm(threadForm, call.json());
        return { status: 201, body: channelPayload(startThread(entry, name, yoda.id, store), store) };
      },
    },
  ];
}

/** Starts a thread under a message; it takes the message's id. 160004 when there is one. */
export function startThread({ message }: Entry, name: string, owner: string, store: Store): Channel {
  if (store.channel(message.id) !== undefined) throw threadExists();
  const parent = store.channel(message.channel_id);
  const made = { id: message.id, kind: 'thread', name, archived: false, madeAt: Date.now(), owner } as const;
  const thread = store.addChannel({
    ...made,
    parent: message.channel_id,
    botMay: parent?.botMay ?? 'everything',
  });
  store.publish({ t: 'THREAD_CREATE', channel: thread });
  return thread;
}

function readable(call: Call, store: Store): Channel {
  const channel = store.channel(call.params.channel ?? '');
  if (channel === undefined) throw unknownChannel();
  if (channel.botMay === 'nothing') throw missingAccess();
  return channel;
}

function writable(call: Call, store: Store): Channel {
  const channel = readable(call, store);
  if (channel.botMay === 'read') throw missingPermissions();
  if (store.person(channel.recipient ?? '')?.refusesDirect) throw directRefused();
  return channel;
}

function known(call: Call, channel: Channel, store: Store): Entry {
  const entry = store.find(channel.id, call.params.message ?? '');
  if (entry === undefined || entry.onlyFor !== undefined) throw unknownMessage();
  return entry;
}

function recent(store: Store, channel: Channel, nonce: string, nonceMs: number): Entry | undefined {
  const since = Date.now() - nonceMs;
  return store
    .messagesIn(channel.id)
    .find((entry) => entry.nonce === nonce && Date.parse(entry.message.timestamp) >= since);
}

/** Newest first, as Discord lists; `after` gives the oldest of those that are newer. */
function listed(call: Call, channel: Channel, store: Store): Entry[] {
  const { limit, after, before } = readForm(listQuery, Object.fromEntries(call.query));
  const visible = store.messagesIn(channel.id).filter((entry) => entry.onlyFor === undefined);
  if (after !== undefined)
    return visible
      .filter(({ message }) => compareSnowflakes(message.id, after) > 0)
      .slice(0, limit)
      .reverse();
  return visible
    .filter(({ message }) => before === undefined || compareSnowflakes(message.id, before) < 0)
    .slice(-limit)
    .reverse();
}
