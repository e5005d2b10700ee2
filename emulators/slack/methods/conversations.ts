import { z } from 'zod';
import { count, flag, Refusal, readArguments, textField } from '../refusal.ts';
import type { StoredMessage } from '../store.ts';
import { people, yoda } from '../world.ts';
import { joinedChannel, type Method, messageObject, scopedChannel, type Values } from './method.ts';

const page = z.object({
  channel: textField,
  cursor: textField.optional(),
  limit: count.max(999).optional(),
  oldest: textField.optional(),
  latest: textField.optional(),
  inclusive: flag.optional(),
  include_all_metadata: flag.optional(),
});

type Page = z.infer<typeof page>;

/** Messages between `oldest` and `latest`; both ends only with `inclusive`. */
function between(messages: readonly StoredMessage[], { oldest = '0', latest, inclusive = false }: Page) {
  const after = (ts: string) => (inclusive ? ts >= oldest : ts > oldest);
  const before = (ts: string) => latest === undefined || (inclusive ? ts <= latest : ts < latest);
  return messages.filter(({ ts, ephemeralTo }) => ephemeralTo === undefined && after(ts) && before(ts));
}

/** A cursor is the position of the next message, in base64 as Slack's are. */
function paged(
  messages: readonly StoredMessage[],
  { cursor, limit = 100, include_all_metadata: metadata }: Page,
): Values {
  const start = cursor === undefined || cursor === '' ? 0 : Number(Buffer.from(cursor, 'base64').toString());
  if (!Number.isInteger(start)) throw new Refusal('invalid_cursor');
  const end = start + limit;
  const more = end < messages.length;
  return {
    messages: messages.slice(start, end).map((message) => messageObject(message, metadata)),
    has_more: more,
    ...(more ? { response_metadata: { next_cursor: Buffer.from(String(end)).toString('base64') } } : {}),
  };
}

const history: Method = {
  name: 'conversations.history',
  token: 'bot',
  scopes: [],
  run(values, workspace) {
    const asked = readArguments(page, values);
    const channel = joinedChannel(scopedChannel(asked.channel, 'history', workspace));
    const roots = workspace.store.messages(channel.id).filter(({ thread }) => thread === undefined);
    return paged(between(roots, asked).reverse(), asked);
  },
};

const replies: Method = {
  name: 'conversations.replies',
  token: 'bot',
  scopes: [],
  run(values, workspace) {
    const { ts, ...asked } = readArguments(page.extend({ ts: textField }), values);
    const channel = joinedChannel(scopedChannel(asked.channel, 'history', workspace));
    const root = workspace.store.find(channel.id, ts);
    if (root === undefined) throw new Refusal('thread_not_found');
    const inThread = workspace.store.messages(channel.id).filter(({ thread }) => thread === root.ts);
    // The thread's first message is always part of the first page, whatever `oldest` says.
    const list = [root, ...between(inThread, asked)];
    return paged(list, asked);
  },
};

const info: Method = {
  name: 'conversations.info',
  token: 'bot',
  scopes: [],
  run(values, workspace) {
    const { channel: id } = readArguments(z.object({ channel: textField }), values);
    const channel = scopedChannel(id, 'read', workspace);
    return {
      channel: {
        id: channel.id,
        ...(channel.kind === 'im' ? { user: channel.members[0] } : { name: channel.name }),
        is_channel: channel.kind === 'channel',
        is_group: channel.kind === 'group',
        is_im: channel.kind === 'im',
        is_private: channel.kind !== 'channel',
        is_member: channel.members.includes(yoda.user),
        is_archived: false,
      },
    };
  },
};

const open: Method = {
  name: 'conversations.open',
  token: 'bot',
  scopes: ['im:write'],
  run(values) {
    const { users } = readArguments(z.object({ users: textField }), values);
    const person = people.find(({ id }) => id === users);
    if (person === undefined) throw new Refusal('user_not_found');
    return { channel: { id: person.direct } };
  },
};

export const conversationMethods: readonly Method[] = [history, replies, info, open];
