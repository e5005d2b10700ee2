import type { Action, Scene, View, ViewMessage } from '../core/scene.ts';
import type { Command } from './commands.ts';
import { ephemeralFlag, loadingFlag } from './posts.ts';
import type { Channel, Entry, Store } from './store.ts';
import type { Visitor } from './visitor.ts';
import { yoda } from './world.ts';

const botMention = `@${yoda.name}`;

/** The guild as the playground shows it to one person. */
export function createScene(store: Store, visitor: Visitor): Scene {
  return {
    name: 'Discord',
    onChange: store.onChange,
    view(person) {
      const isHere = store.people().some(({ id }) => id === person);
      const shown = store
        .channels()
        .filter((channel) => isHere && (channel.kind !== 'direct' || channel.recipient === person));
      return {
        people: store
          .people()
          .filter(({ bot }) => !bot)
          .map(({ id, name, roles }) => ({ id, name, title: titleOf(roles, store) })),
        channels: shown.filter(({ kind }) => kind !== 'thread').map(viewChannel),
        messages: shown.flatMap((channel) => messagesOf(channel, person, store)),
        signs: shown
          .filter(({ id }) => (store.typingUntil.get(id) ?? 0) > Date.now())
          .map((channel) => ({ ...placeOf(channel), text: `${yoda.name} is typing…` })),
        commands: offered(visitor, person, shown),
        mention: botMention,
      };
    },
    act: (person, action) => act(person, action, store, visitor),
  };
}

async function act(person: string, action: Action, store: Store, visitor: Visitor): Promise<void> {
  if (action.kind === 'command') return void (await visitor.slash(person, action.channel, action.text));
  if (action.kind === 'click') {
    const channel = store.channels().find(({ id }) => store.find(id, action.message) !== undefined);
    return void (await visitor.click(person, channel?.id ?? '', action.message, action.button));
  }
  const content = withIds(action.text, store);
  if (content.trim() === '') throw new Error('Cannot send an empty message');
  if (content.length > 2000) throw new Error('Your message is too long: 2000 characters are the most.');
  const place = threadFor(person, action, store, visitor);
  if (action.repliesTo === undefined) visitor.say(person, place, content);
  else visitor.reply(person, place, action.repliesTo, content);
}

/** The channel to write in: a thread that does not exist yet is started under its message, as the client does. */
function threadFor(
  person: string,
  { channel, thread }: Extract<Action, { kind: 'say' }>,
  store: Store,
  visitor: Visitor,
): string {
  if (thread === undefined) return channel;
  if (store.channel(thread) !== undefined) return thread;
  const name = store.find(channel, thread)?.message.content.slice(0, 100) || 'Thread';
  return visitor.startThread(person, channel, thread, name).id;
}

function viewChannel(channel: Channel): View['channels'][number] {
  return channel.kind === 'direct'
    ? { id: channel.id, name: yoda.name, kind: 'direct' }
    : { id: channel.id, name: channel.name, kind: 'channel' };
}

function placeOf(channel: Channel): { readonly channel: string; readonly thread?: string } {
  return channel.kind === 'thread' ? { channel: channel.parent ?? '', thread: channel.id } : { channel: channel.id };
}

function messagesOf(channel: Channel, person: string, store: Store): ViewMessage[] {
  return store
    .messagesIn(channel.id)
    .filter(({ onlyFor }) => onlyFor === undefined || onlyFor === person)
    .map((entry) => viewMessage(entry, channel, store));
}

function viewMessage({ message }: Entry, channel: Channel, store: Store): ViewMessage {
  const flags = message.flags ?? 0;
  const { author } = message;
  const replied = message.message_reference?.message_id;
  const loading = (flags & loadingFlag) !== 0;
  return {
    id: message.id,
    ...placeOf(channel),
    ...(replied === undefined ? {} : { repliesTo: replied }),
    author: { id: author.id, name: author.global_name ?? author.username, bot: author.bot === true },
    text: loading ? `_${yoda.name} is thinking…_` : withNames(message.content, store),
    format: 'markdown',
    at: Date.parse(message.timestamp),
    ephemeral: (flags & ephemeralFlag) !== 0,
    edited: message.edited_timestamp !== null && message.interaction_metadata === undefined,
    buttons: buttonsOf(message.components),
    reactions: [],
  };
}

function buttonsOf(components: readonly unknown[]): ViewMessage['buttons'] {
  return components.filter(isRow).flatMap((row) =>
    row.components
      .filter((part) => part.disabled !== true)
      .map(({ custom_id: id, label = '', style }) => ({
        id,
        label,
        style: style === 4 ? ('danger' as const) : style === 1 ? ('primary' as const) : ('plain' as const),
      })),
  );
}

interface Row {
  readonly components: readonly {
    readonly custom_id: string;
    readonly label?: string;
    readonly style: number;
    readonly disabled?: boolean;
  }[];
}

function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && 'components' in value && Array.isArray(value.components);
}

/** `@Name` as the client sends it once the person was picked from the list. */
function withIds(text: string, store: Store): string {
  return [...store.people(), yoda].reduce(
    (line, { id, name }) => line.replace(new RegExp(`(?<!\\w)@${name}\\b`, 'gi'), `<@${id}>`),
    text,
  );
}

function withNames(text: string, store: Store): string {
  return text
    .replace(/<@!?(\d+)>/g, (whole, id: string) => `@${store.person(id)?.name ?? whole}`)
    .replace(/<@&(\d+)>/g, (whole, id: string) => `@${store.roles().find((role) => role.id === id)?.name ?? whole}`)
    .replace(/<#(\d+)>/g, (whole, id: string) => `#${store.channel(id)?.name ?? whole}`);
}

function titleOf(roles: readonly string[], store: Store): string {
  return store.roles().find(({ id }) => roles.includes(id))?.name ?? '';
}

/** Every command that is offered in one of the shown channels, subcommands spelt out. */
function offered(visitor: Visitor, person: string, shown: readonly Channel[]): View['commands'] {
  const lines = shown.flatMap((channel) => visitor.offered(person, channel.id)).flatMap(linesOf);
  return [...new Map(lines.map((line) => [line.name, line])).values()];
}

function linesOf({ name, description, options = [] }: Command): View['commands'] {
  const nested = options.filter((option) => option.type === 1 || option.type === 2);
  if (nested.length === 0) return [{ name: `/${name}`, summary: description }];
  return nested.flatMap((option) =>
    option.type === 2
      ? (option.options ?? []).map((inner) => ({
          name: `/${name} ${option.name} ${inner.name}`,
          summary: inner.description,
        }))
      : [{ name: `/${name} ${option.name}`, summary: option.description }],
  );
}
