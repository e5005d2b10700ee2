import type { APIMessage } from 'discord.js';
import { snowflake } from './snowflake.ts';
import { type ChannelSeed, directChannels, type Person, type Role, yoda } from './world.ts';

export interface Channel {
  readonly id: string;
  readonly kind: 'text' | 'direct' | 'thread';
  name: string;
  botMay: ChannelSeed['botMay'];
  archived: boolean;
  readonly madeAt: number;
  /** The channel that a thread hangs in. */
  readonly parent?: string;
  /** Who started a thread. */
  readonly owner?: string;
  /** Whom a direct channel connects with the bot. */
  readonly recipient?: string;
}

/** A message as it goes over the wire; embeds and components are passed on as they came. */
export type WireMessage = Omit<APIMessage, 'embeds' | 'components' | 'referenced_message'> & {
  readonly embeds: readonly unknown[];
  readonly components: readonly unknown[];
  readonly referenced_message?: WireMessage | null;
};

/** A message with what Discord knows of it but does not tell. */
export interface Entry {
  message: WireMessage;
  /** Ephemeral: seen by this person alone, never dispatched and never listed. */
  readonly onlyFor?: string;
  /** The nonce that must not be used twice. */
  readonly nonce?: string;
  /** Every content it had, the first one first. */
  readonly contents: string[];
}

/** What the gateway may have to tell its sessions. */
export type Happening =
  | { readonly t: 'MESSAGE_CREATE' | 'MESSAGE_UPDATE'; readonly entry: Entry; readonly channel: Channel }
  | { readonly t: 'MESSAGE_DELETE'; readonly id: string; readonly channel: Channel }
  | { readonly t: 'THREAD_CREATE' | 'THREAD_UPDATE'; readonly channel: Channel }
  | { readonly t: 'TYPING_START'; readonly channel: Channel; readonly person: string }
  | { readonly t: 'INTERACTION_CREATE'; readonly data: object };

export interface Store {
  people(): readonly Person[];
  person(id: string): Person | undefined;
  addPerson(person: Person): void;
  roles(): readonly Role[];
  channels(): readonly Channel[];
  channel(id: string): Channel | undefined;
  addChannel(channel: Channel): Channel;
  /** The channel for direct messages between a person and the bot, made when there is none. */
  directChannel(person: string): Channel;
  /** Oldest first, ephemeral ones included. */
  messagesIn(channel: string): readonly Entry[];
  find(channel: string, message: string): Entry | undefined;
  put(entry: Entry): void;
  remove(channel: string, message: string): void;
  /** When the bot's sign of typing in a channel ends, milliseconds since 1970; 0 when there is none. */
  readonly typingUntil: Map<string, number>;
  publish(happening: Happening): void;
  onHappening(listener: (happening: Happening) => void): void;
  changed(): void;
  onChange(listener: () => void): () => void;
}

export function createStore(seed: {
  readonly people: readonly Person[];
  readonly roles: readonly Role[];
  readonly channels: readonly ChannelSeed[];
}): Store {
  const people = new Map([...seed.people, yoda].map((person) => [person.id, person]));
  const channels = new Map<string, Channel>();
  const messages = new Map<string, Entry[]>();
  const happeningListeners: ((happening: Happening) => void)[] = [];
  const changeListeners = new Set<() => void>();
  const changed = () => {
    for (const listener of changeListeners) listener();
  };

  const addChannel = (channel: Channel): Channel => {
    channels.set(channel.id, channel);
    changed();
    return channel;
  };
  for (const { id, name, botMay } of seed.channels)
    addChannel({ id, kind: 'text', name, botMay, archived: false, madeAt: Date.now() });

  const store: Store = {
    people: () => [...people.values()].filter((person) => person.id !== yoda.id),
    person: (id) => people.get(id),
    addPerson: (person) => void people.set(person.id, person),
    roles: () => seed.roles,
    channels: () => [...channels.values()],
    channel: (id) => channels.get(id),
    addChannel,
    directChannel(recipient) {
      const known = store.channels().find((channel) => channel.recipient === recipient);
      const id = directChannels[recipient] ?? snowflake();
      const made = { id, kind: 'direct', name: '', botMay: 'everything', archived: false, recipient } as const;
      return known ?? addChannel({ ...made, madeAt: Date.now() });
    },
    messagesIn: (channel) => messages.get(channel) ?? [],
    find: (channel, message) => messages.get(channel)?.find((entry) => entry.message.id === message),
    put(entry) {
      const { channel_id: channel } = entry.message;
      messages.set(channel, [...(messages.get(channel) ?? []), entry]);
      changed();
    },
    remove(channel, message) {
      const left = store.messagesIn(channel).filter((entry) => entry.message.id !== message);
      messages.set(channel, left);
      changed();
    },
    typingUntil: new Map(),
    publish(happening) {
      for (const listener of happeningListeners) listener(happening);
      changed();
    },
    onHappening: (listener) => void happeningListeners.push(listener),
    changed,
    onChange(listener) {
      changeListeners.add(listener);
      return () => void changeListeners.delete(listener);
    },
  };
  for (const { id } of seed.people) store.directChannel(id);
  return store;
}
