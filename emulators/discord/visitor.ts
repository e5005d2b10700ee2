import { startThread } from './channel-routes.ts';
import type { Command, Commands } from './commands.ts';
import { unknownChannel, unknownMessage, unknownUser } from './errors.ts';
import { type Interaction, type Interactions, permissionsOf } from './interactions.ts';
import { readMessage } from './message-form.ts';
import { edit, post } from './posts.ts';
import { NotSent, readLine } from './slash-line.ts';
import type { Channel, Entry, Store } from './store.ts';
import type { Person } from './world.ts';

const administrator = 1n << 3n;

/** What people do, as their clients would do it. Ids are those of people, channels and messages. */
export interface Visitor {
  /** Says something in a channel, a thread or a direct channel; another bot's id may speak too. */
  say(person: string, channel: string, content: string): Entry;
  /** Replies to a message; `ping` is the client's switch, on unless told. */
  reply(person: string, channel: string, message: string, content: string, ping?: boolean): Entry;
  /** Says something to the bot alone. */
  dm(person: string, content: string): Entry;
  change(person: string, channel: string, message: string, content: string): Entry;
  remove(channel: string, message: string): void;
  startThread(person: string, channel: string, message: string, name: string): Channel;
  /** Sends a command as typed, `/yoda ask text`; resolves when the bot first answered, rejects with the client's words. */
  slash(person: string, channel: string, line: string): Promise<Interaction>;
  /** Clicks a button; rejects with the client's words. */
  click(person: string, channel: string, message: string, customId: string): Promise<Interaction>;
  /** The commands that this person's client offers there. */
  offered(person: string, channel: string): readonly Command[];
}

export function createVisitor(store: Store, commands: Commands, interactions: Interactions): Visitor {
  const personOf = (id: string): Person => {
    const person = store.person(id);
    if (person === undefined) throw unknownUser();
    return person;
  };
  const channelOf = (id: string): Channel => {
    const channel = store.channel(id);
    if (channel === undefined) throw unknownChannel();
    return channel;
  };
  const entryOf = (channel: string, message: string): Entry => {
    const entry = store.find(channel, message);
    if (entry === undefined) throw unknownMessage();
    return entry;
  };

  const visitor: Visitor = {
    say: (person, channel, content) =>
      post({ author: personOf(person), channel: channelOf(channel), form: readMessage({ content }) }, store),
    reply(person, channel, message, content, ping = true) {
      const allowed = { parse: ['users', 'roles', 'everyone'], replied_user: ping };
      const reference = { message_id: entryOf(channel, message).message.id };
      const form = readMessage({ content, message_reference: reference, allowed_mentions: allowed });
      return post({ author: personOf(person), channel: channelOf(channel), form }, store);
    },
    dm: (person, content) => visitor.say(person, store.directChannel(person).id, content),
    change(person, channel, message, content) {
      const entry = entryOf(channel, message);
      if (entry.message.author.id !== person) throw unknownMessage();
      return edit(entry, readMessage({ content }), store);
    },
    remove(channel, message) {
      store.remove(channel, entryOf(channel, message).message.id);
      store.publish({ t: 'MESSAGE_DELETE', id: message, channel: channelOf(channel) });
    },
    startThread: (person, channel, message, name) =>
      startThread(entryOf(channel, message), name, personOf(person).id, store),
    async slash(person, channel, line) {
      const data = readLine(line, visitor.offered(person, channel));
      return interactions.send(personOf(person), channelOf(channel), { kind: 'command', data });
    },
    async click(person, channel, message, customId) {
      const source = entryOf(channel, message);
      if (!JSON.stringify(source.message.components).includes(JSON.stringify(customId)))
        throw new NotSent('This button is not there any more.');
      return interactions.send(personOf(person), channelOf(channel), { kind: 'click', source, customId });
    },
    offered(person, channel) {
      const permissions = permissionsOf(personOf(person), store);
      const context = channelOf(channel).kind === 'direct' ? 1 : 0;
      return commands.list().filter((command) => {
        const needed = command.default_member_permissions;
        const mayIn = command.contexts?.includes(context) ?? true;
        const hidden = needed === '0' || (needed && (permissions & BigInt(needed)) !== BigInt(needed));
        return mayIn && (context === 1 || !hidden || (permissions & administrator) !== 0n);
      });
    },
  };
  return visitor;
}
