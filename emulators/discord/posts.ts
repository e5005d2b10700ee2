import type { APIMessage, APIMessageInteractionMetadata, APIUser } from 'discord.js';
import { invalidForm } from './errors.ts';
import type { MessageForm } from './message-form.ts';
import { memberPayload, userPayload } from './payloads.ts';
import { snowflake } from './snowflake.ts';
import type { Channel, Entry, Store, WireMessage } from './store.ts';
import { guildId, type Person, yoda } from './world.ts';

export const ephemeralFlag = 1 << 6;
export const loadingFlag = 1 << 7;

/** A message about to be made. */
export interface Draft {
  readonly channel: Channel;
  readonly author: Person;
  readonly form: MessageForm;
  /** Present on what answers an interaction. */
  readonly interaction?: APIMessageInteractionMetadata;
  readonly onlyFor?: string;
  readonly flags?: number;
}

type Mentions = Pick<APIMessage, 'mentions' | 'mention_roles' | 'mention_everyone'>;

/** Makes a message and tells the gateway; ephemeral ones are told to nobody. */
export function post(draft: Draft, store: Store): Entry {
  const { channel, author, form, interaction } = draft;
  const replied = repliedTo(draft, store);
  const content = form.content ?? '';
  const message: WireMessage = {
    id: snowflake(),
    channel_id: channel.id,
    type: interaction !== undefined ? 20 : replied === undefined ? 0 : 19,
    author: userPayload(author),
    content,
    timestamp: new Date().toISOString(),
    edited_timestamp: null,
    tts: false,
    pinned: false,
    attachments: [],
    embeds: (form.embeds ?? []).map((embed) => ({ type: 'rich', ...embed })),
    components: form.components ?? [],
    flags: draft.flags ?? 0,
    ...mentionsOf(draft, replied?.message.author, store),
    ...(form.nonce === null || form.nonce === undefined ? {} : { nonce: form.nonce }),
    ...(replied === undefined ? {} : reference(channel, replied)),
    ...(interaction === undefined
      ? {}
      : { interaction_metadata: interaction, webhook_id: yoda.id, application_id: yoda.id }),
  };
  const entry: Entry = {
    message,
    contents: [content],
    ...(draft.onlyFor === undefined ? {} : { onlyFor: draft.onlyFor }),
    ...(form.enforce_nonce && form.nonce ? { nonce: String(form.nonce) } : {}),
  };
  if (author.id === yoda.id) store.typingUntil.delete(channel.id);
  store.put(entry);
  if (entry.onlyFor === undefined) store.publish({ t: 'MESSAGE_CREATE', entry, channel });
  return entry;
}

/** Changes a message and tells the gateway. */
export function edit(entry: Entry, form: MessageForm, store: Store): Entry {
  const channel = store.channel(entry.message.channel_id);
  if (typeof form.content === 'string') entry.contents.push(form.content);
  entry.message = {
    ...entry.message,
    ...(form.content === undefined ? {} : { content: form.content ?? '' }),
    ...(form.components ? { components: form.components } : {}),
    flags: (entry.message.flags ?? 0) & ~loadingFlag,
    edited_timestamp: new Date().toISOString(),
  };
  store.changed();
  if (entry.onlyFor === undefined && channel !== undefined) store.publish({ t: 'MESSAGE_UPDATE', entry, channel });
  return entry;
}

/** The message with what its receiver may know beside it: the guild and the author's membership. */
export function dispatched(entry: Entry, channel: Channel, store: Store) {
  const author = store.person(entry.message.author.id);
  if (channel.kind === 'direct') return { ...entry.message, channel_type: 1 };
  return {
    ...entry.message,
    channel_type: channel.kind === 'thread' ? 11 : 0,
    guild_id: guildId,
    ...(author === undefined ? {} : { member: memberPayload(author) }),
  };
}

function repliedTo(draft: Draft, store: Store): Entry | undefined {
  const wanted = draft.form.message_reference;
  if (wanted === null || wanted === undefined) return undefined;
  const found = store.find(draft.channel.id, wanted.message_id);
  const known = found?.onlyFor === undefined ? found : undefined;
  if (known !== undefined || wanted.fail_if_not_exists === false) return known;
  throw invalidForm([{ path: ['message_reference'], code: 'REPLIES_UNKNOWN_MESSAGE', message: 'Unknown message' }]);
}

function reference(
  channel: Channel,
  { message }: Entry,
): Pick<WireMessage, 'message_reference' | 'referenced_message'> {
  const { referenced_message: _inner, ...quoted } = message;
  const place = { type: 0, channel_id: channel.id, message_id: message.id };
  return {
    message_reference: channel.kind === 'direct' ? place : { ...place, guild_id: guildId },
    referenced_message: quoted,
  };
}

/** Who is told: what the text names and `allowed_mentions` lets through. Absent, it allows all, or only people to interactions. */
function mentionsOf(draft: Draft, repliedAuthor: APIUser | undefined, store: Store): Mentions {
  const { content, allowed_mentions: given } = draft.form;
  const fallback = draft.interaction === undefined ? (['users', 'roles', 'everyone'] as const) : (['users'] as const);
  const parse: readonly string[] = given ? (given.parse ?? []) : fallback;
  const named = (pattern: RegExp, listed: readonly string[] | undefined, kind: string) =>
    [...new Set(Array.from((content ?? '').matchAll(pattern), ([, id = '']) => id))].filter(
      (id) => parse.includes(kind) || listed?.includes(id),
    );
  const people = named(/<@!?(\d{17,20})>/g, given?.users, 'users')
    .map((id) => store.person(id))
    .filter((person) => person !== undefined)
    .map(userPayload);
  const pingsAuthor = repliedAuthor !== undefined && (given ? given.replied_user === true : true);
  const withAuthor =
    pingsAuthor && !people.some(({ id }) => id === repliedAuthor.id) ? [...people, repliedAuthor] : people;
  const roleIds = new Set(store.roles().map(({ id }) => id));
  return {
    mentions: withAuthor,
    mention_roles: named(/<@&(\d{17,20})>/g, given?.roles, 'roles').filter((id) => roleIds.has(id)),
    mention_everyone: parse.includes('everyone') && /@(everyone|here)\b/.test(content ?? ''),
  };
}
