import { artoo, type Channel, people, yoda } from './world.ts';

export type Block = Readonly<Record<string, unknown>>;

export interface Metadata {
  readonly event_type: string;
  readonly event_payload: Readonly<Record<string, unknown>>;
}

export interface StoredMessage {
  readonly ts: string;
  readonly channel: string;
  /** The ts of the thread's first message, on replies. */
  readonly thread?: string | undefined;
  readonly user: string;
  /** Present on what an app has said. */
  readonly bot?: string | undefined;
  readonly subtype?: string | undefined;
  /** In Slack's own form: `&`, `<` and `>` escaped, mentions as `<@U…>`. */
  readonly text: string;
  readonly blocks?: readonly Block[] | undefined;
  readonly metadata?: Metadata | undefined;
  readonly files?: readonly { readonly id: string; readonly name: string }[] | undefined;
  readonly edited?: { readonly user: string; readonly ts: string } | undefined;
  /** The only person who sees it. */
  readonly ephemeralTo?: string | undefined;
  readonly reactions: readonly { readonly name: string; readonly users: readonly string[] }[];
}

type NewMessage = Omit<StoredMessage, 'ts' | 'reactions'>;

/** What happened to a message, for those who turn it into events. Ephemeral messages cause none. */
export type Change =
  | { readonly kind: 'posted'; readonly message: StoredMessage }
  | { readonly kind: 'changed'; readonly message: StoredMessage; readonly previous: StoredMessage }
  | { readonly kind: 'deleted'; readonly previous: StoredMessage; readonly ts: string };

export interface Store {
  channel(id: string): Channel | undefined;
  readonly channels: readonly Channel[];
  addChannel(channel: Channel): void;
  userName(id: string): string | undefined;
  add(message: NewMessage): StoredMessage;
  find(channel: string, ts: string): StoredMessage | undefined;
  /** Replaces a message and tells of the change, unless only its reactions changed. */
  replace(message: StoredMessage): void;
  remove(message: StoredMessage): void;
  /** Everything in the channel, oldest first, ephemeral messages included. */
  messages(channel: string): readonly StoredMessage[];
  setStatus(channel: string, thread: string, text: string): void;
  readonly statuses: readonly { readonly channel: string; readonly thread: string; readonly text: string }[];
  onChange(listener: (change: Change | undefined) => void): () => void;
}

/** Slack takes a status away when the app has said nothing for two minutes (docs: assistant.threads.setStatus). */
const statusLifeMs = 120_000;

/** The workspace's memory. Nothing is written to disk. */
export function createStore(initial: readonly Channel[]): Store {
  const channels = [...initial];
  const messages = new Map<string, StoredMessage[]>();
  const statuses = new Map<string, { channel: string; thread: string; text: string; until: number }>();
  const listeners = new Set<(change: Change | undefined) => void>();
  const tell = (change?: Change) => {
    for (const listener of listeners) listener(change);
  };
  const nextTs = createClock();
  const inChannel = (id: string) => {
    const known = messages.get(id) ?? [];
    messages.set(id, known);
    return known;
  };
  const position = (message: StoredMessage) => inChannel(message.channel).findIndex(({ ts }) => ts === message.ts);

  return {
    channels,
    channel: (id) => channels.find((channel) => channel.id === id),
    addChannel(channel) {
      channels.push(channel);
      tell();
    },
    userName: (id) => [...people, yoda, artoo].find((user) => ('user' in user ? user.user : user.id) === id)?.realName,
    add(message) {
      const stored: StoredMessage = { ...message, ts: nextTs(), reactions: [] };
      inChannel(message.channel).push(stored);
      // The app's reply in a thread takes its status away.
      if (stored.bot === yoda.bot && stored.ephemeralTo === undefined)
        statuses.delete(`${stored.channel}:${stored.thread ?? ''}`);
      tell(stored.ephemeralTo === undefined ? { kind: 'posted', message: stored } : undefined);
      return stored;
    },
    find: (channel, ts) => inChannel(channel).find((message) => message.ts === ts && message.ephemeralTo === undefined),
    replace(message) {
      const at = position(message);
      const previous = inChannel(message.channel)[at];
      if (previous === undefined) return;
      inChannel(message.channel)[at] = message;
      tell(previous.reactions === message.reactions ? { kind: 'changed', message, previous } : undefined);
    },
    remove(message) {
      inChannel(message.channel).splice(position(message), 1);
      tell({ kind: 'deleted', previous: message, ts: nextTs() });
    },
    messages: inChannel,
    setStatus(channel, thread, text) {
      const key = `${channel}:${thread}`;
      if (text === '') statuses.delete(key);
      else statuses.set(key, { channel, thread, text, until: Date.now() + statusLifeMs });
      tell();
    },
    get statuses() {
      return [...statuses.values()].filter(({ until }) => until > Date.now());
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

/** Slack's ids of messages: seconds and six digits that make them unique and ordered. */
function createClock(): () => string {
  let last = 0;
  return () => {
    last = Math.max(last + 1, Date.now() * 1000);
    return `${Math.floor(last / 1_000_000)}.${String(last % 1_000_000).padStart(6, '0')}`;
  };
}
