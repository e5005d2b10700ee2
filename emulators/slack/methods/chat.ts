import { z } from 'zod';
import { readBlocks } from '../blocks.ts';
import { flag, jsonText, Refusal, readArguments, refusal, textField } from '../refusal.ts';
import type { Metadata } from '../store.ts';
import { people, yoda } from '../world.ts';
import { joinedChannel, type Method, messageObject, type Values, visibleChannel, type Workspace } from './method.ts';

/** Slack cuts a new message's text here and warns (docs: chat.postMessage, "Truncating content"). */
const truncatedAt = 40_000;
/** An update that long is refused instead (docs: chat.update, `msg_too_long`). */
const longestUpdate = 4000;

const content = {
  channel: textField,
  text: textField.optional(),
  blocks: z.unknown().optional(),
  metadata: z.unknown().optional(),
  thread_ts: textField.optional(),
  markdown_text: textField.optional(),
  reply_broadcast: flag.optional(),
};

const metadataSchema = z.object({
  event_type: z.string().min(1),
  event_payload: z.record(z.string(), z.unknown()),
});

function readMetadata(argument: unknown): Metadata | undefined {
  if (argument === undefined || argument === '') return undefined;
  const result = z.union([jsonText.pipe(metadataSchema), metadataSchema]).safeParse(argument);
  if (result.success) return result.data;
  throw new Refusal('invalid_metadata_format');
}

function readContent(values: Values): { text: string; blocks: ReturnType<typeof readBlocks>; cut: boolean } {
  const { text = '', blocks: given, markdown_text: markdown } = readArguments(z.object(content), values);
  if (markdown !== undefined && (text !== '' || given !== undefined)) throw new Refusal('markdown_text_conflict');
  if (markdown !== undefined && markdown.length > 12_000) throw new Refusal('msg_too_long');
  const blocks = readBlocks(markdown === undefined ? given : [{ type: 'markdown', text: markdown }]);
  if (text === '' && blocks === undefined) throw new Refusal('no_text');
  return { text: text.slice(0, truncatedAt), blocks, cut: text.length > truncatedAt };
}

/** A user's id as `channel` means the direct messages between the app and that person. */
function target(id: string, workspace: Workspace) {
  const direct = people.find((person) => person.id === id)?.direct;
  return joinedChannel(visibleChannel(direct ?? id, workspace));
}

function checkThread(thread: string | undefined): void {
  if (thread !== undefined && !/^\d{10}\.\d{6}$/.test(thread)) throw new Refusal('invalid_thread_ts');
}

const postMessage: Method = {
  name: 'chat.postMessage',
  token: 'bot',
  scopes: ['chat:write'],
  run(values, workspace) {
    const { channel: id, thread_ts: thread, metadata } = readArguments(z.object(content), values);
    const channel = target(id, workspace);
    checkThread(thread);
    const { text, blocks, cut } = readContent(values);
    const message = workspace.store.add({
      channel: channel.id,
      thread,
      user: yoda.user,
      bot: yoda.bot,
      text,
      blocks,
      metadata: readMetadata(metadata),
    });
    const warning = cut ? { warning: 'message_truncated', response_metadata: { warnings: ['message_truncated'] } } : {};
    return { channel: channel.id, ts: message.ts, message: messageObject(message, true), ...warning };
  },
};

const postEphemeral: Method = {
  name: 'chat.postEphemeral',
  token: 'bot',
  scopes: ['chat:write'],
  run(values, workspace) {
    const { channel: id, user, thread_ts: thread } = readArguments(z.object({ ...content, user: textField }), values);
    const channel = target(id, workspace);
    checkThread(thread);
    if (!channel.members.includes(user)) throw new Refusal('user_not_in_channel');
    const { text, blocks } = readContent(values);
    const { ts } = workspace.store.add({
      channel: channel.id,
      thread,
      user: yoda.user,
      bot: yoda.bot,
      text,
      blocks,
      ephemeralTo: user,
    });
    return { message_ts: ts };
  },
};

function ownMessage(channel: string, ts: string, cannot: string, workspace: Workspace) {
  const message = workspace.store.find(visibleChannel(channel, workspace).id, ts);
  if (message === undefined) throw new Refusal('message_not_found');
  if (message.bot !== yoda.bot) throw new Refusal(cannot);
  return message;
}

const update: Method = {
  name: 'chat.update',
  token: 'bot',
  scopes: ['chat:write'],
  run(values, workspace) {
    const { channel, ts, text: raw = '' } = readArguments(z.object({ ...content, ts: textField }), values);
    const previous = ownMessage(channel, ts, 'cant_update_message', workspace);
    if (raw.length > longestUpdate) throw refusal('msg_too_long');
    const { text, blocks } = readContent(values);
    const metadata = readMetadata(values.metadata) ?? previous.metadata;
    const edited = { user: yoda.user, ts: `${Math.floor(Date.now() / 1000)}.000000` };
    const message = { ...previous, text, blocks, metadata, edited };
    workspace.store.replace(message);
    return { channel: previous.channel, ts, text, message: messageObject(message, true) };
  },
};

const remove: Method = {
  name: 'chat.delete',
  token: 'bot',
  scopes: ['chat:write'],
  run(values, workspace) {
    const { channel, ts } = readArguments(z.object({ channel: textField, ts: textField }), values);
    const message = ownMessage(channel, ts, 'cant_delete_message', workspace);
    workspace.store.remove(message);
    return { channel: message.channel, ts };
  },
};

export const chatMethods: readonly Method[] = [postMessage, postEphemeral, update, remove];
