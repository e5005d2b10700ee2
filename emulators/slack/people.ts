import { randomBytes } from 'node:crypto';
import type { Manifest, SlashCommand } from './manifest.ts';
import type { Outbox } from './outbox.ts';
import type { ResponseUrls } from './response-urls.ts';
import type { Store, StoredMessage } from './store.ts';
import { artoo, people, team, yoda } from './world.ts';

/** What people do in their Slack client. Rejects with the words that the client would show. */
export interface Hands {
  /** Says something, typed as a person types it; a line that starts with `/` is a slash command. */
  say(person: string, channel: string, typed: string, more?: SayOptions): Promise<StoredMessage | undefined>;
  command(person: string, channel: string, line: string, thread?: string): Promise<void>;
  edit(person: string, channel: string, ts: string, typed: string): void;
  remove(person: string, channel: string, ts: string): void;
}

interface SayOptions {
  readonly thread?: string | undefined;
  readonly files?: StoredMessage['files'];
  readonly subtype?: string;
}

export interface HandsDeps {
  readonly store: Store;
  readonly manifest: Manifest;
  readonly outbox: Outbox;
  readonly responseUrls: ResponseUrls;
  /** scheme://host:port of the emulator, for response_url. */
  readonly host: () => string;
}

export function createHands(deps: HandsDeps): Hands {
  const { store, manifest } = deps;

  function place(person: string, id: string) {
    const channel = store.channel(id);
    if (channel === undefined || !channel.members.includes(person)) throw new Error('channel_not_found');
    return channel;
  }

  function own(person: string, channel: string, ts: string): StoredMessage {
    const message = store.find(channel, ts);
    if (message?.user !== person) throw new Error('You can only change your own messages.');
    return message;
  }

  async function command(person: string, channelId: string, line: string, thread?: string): Promise<void> {
    const [word = '', ...rest] = line.split(' ');
    const known = manifest.commands.find((candidate) => candidate.command === word);
    if (known === undefined) throw new Error(`${word} is not a valid command.`);
    if (thread !== undefined) throw new Error(`${word} is not supported in threads. Sorry!`);
    const channel = place(person, channelId);
    const payload = {
      token: 'deprecated-verification-token',
      team_id: team.id,
      team_domain: team.domain,
      channel_id: channel.id,
      channel_name: channel.kind === 'im' ? 'directmessage' : channel.kind === 'group' ? 'privategroup' : channel.name,
      user_id: person,
      user_name: people.find(({ id }) => id === person)?.name ?? '',
      command: word,
      text: commandText(rest.join(' ').trim(), known, store),
      api_app_id: yoda.app,
      is_enterprise_install: 'false',
      response_url: deps.host() + deps.responseUrls.issue(channel.id, person),
      trigger_id: `${Date.now()}.${team.id.length}.${randomBytes(16).toString('hex')}`,
    };
    const receipt = await deps.outbox.once({ type: 'slash_commands', payload });
    if (receipt.kind !== 'acknowledged') {
      const late = receipt.reason === 'http_timeout' || receipt.reason === 'timeout';
      throw new Error(`${word} failed with the error "${late ? 'operation_timeout' : 'dispatch_failed'}"`);
    }
    // With "in_channel" everybody sees what was typed, even when the app says nothing with it.
    if (isPublic(receipt.response))
      store.add({ channel: channel.id, user: person, text: escaped(line), subtype: 'slash' });
    deps.responseUrls.show(receipt.response, channel.id, person);
  }

  return {
    command,
    async say(person, channelId, typed, { thread, files, subtype } = {}) {
      if (typed.startsWith('/')) return void (await command(person, channelId, typed, thread));
      const channel = place(person, channelId);
      if (typed.trim() === '' && files === undefined) throw new Error('no_text');
      const bot = person === artoo.user ? artoo.bot : undefined;
      // A reply to a reply stands in the same thread.
      const root = thread === undefined ? undefined : (store.find(channel.id, thread)?.thread ?? thread);
      return store.add({
        channel: channel.id,
        thread: root,
        user: person,
        bot,
        text: encoded(typed, store),
        files,
        subtype,
      });
    },
    edit(person, channel, ts, typed) {
      const edited = { user: person, ts: `${Math.floor(Date.now() / 1000)}.000000` };
      store.replace({ ...own(person, channel, ts), text: encoded(typed, store), edited });
    },
    remove(person, channel, ts) {
      store.remove(own(person, channel, ts));
    },
  };
}

const isPublic = (response: unknown): boolean =>
  typeof response === 'object' &&
  response !== null &&
  'response_type' in response &&
  response.response_type === 'in_channel';

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** What the client sends for what a person typed: names become ids, addresses links, and signs entities. */
function encoded(typed: string, store: Store): string {
  return named(escaped(typed), store, (id) => `<@${id}>`)
    .replace(/(?<![\w@])@(channel|here|everyone)\b/g, '<!$1>')
    .replace(/(?<![<|\w])https?:\/\/[^\s<>]+/g, '<$&>');
}

/** With `should_escape` names in a command become ids with their label, else they stay as typed. */
function commandText(typed: string, { shouldEscape }: SlashCommand, store: Store): string {
  return shouldEscape ? named(escaped(typed), store, (id, name) => `<@${id}|${name}>`) : typed;
}

function named(text: string, store: Store, mention: (id: string, name: string) => string): string {
  const names = new Map([...people, yoda, artoo].map((user) => [user.realName.toLowerCase(), user]));
  return text
    .replace(/(?<![\w@])@([\w-]+)/g, (typed, word: string) => {
      const user = names.get(word.toLowerCase());
      return user === undefined ? typed : mention('user' in user ? user.user : user.id, user.name);
    })
    .replace(/(?<![\w#&])#([a-z][\w-]*)/g, (typed, word: string) => {
      const channel = store.channels.find(({ name }) => name === word);
      return channel === undefined ? typed : `<#${channel.id}|${channel.name}>`;
    });
}
