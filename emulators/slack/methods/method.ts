import type { Manifest } from '../manifest.ts';
import { Refusal } from '../refusal.ts';
import type { Store, StoredMessage } from '../store.ts';
import { artoo, type Channel, team, yoda } from '../world.ts';

/** What every Web API method sees of the emulator. */
export interface Workspace {
  readonly store: Store;
  readonly manifest: Manifest;
  /** Hands out a single-use address for a socket; undefined when the app has no Socket Mode. */
  readonly openSocket: () => string;
}

export type Values = Readonly<Record<string, unknown>>;

/** One Web API method. */
export interface Method {
  readonly name: string;
  readonly token: 'bot' | 'app';
  /** Any one of these is enough; empty: any token will do. Methods on conversations check their kind themselves. */
  readonly scopes: readonly string[];
  /** Returns what stands beside `"ok": true`. */
  readonly run: (values: Values, workspace: Workspace) => Values;
}

/** Throws Slack's `missing_scope` unless the app has one of these. */
export function needScope(scopes: readonly string[], { scopes: provided }: Manifest): void {
  if (scopes.length === 0 || scopes.some((scope) => provided.includes(scope))) return;
  throw new Refusal('missing_scope', { needed: scopes[0], provided: provided.join(',') });
}

const kindScope = { channel: 'channels', group: 'groups', im: 'im' } as const;

/** The conversation that the app may see, or `channel_not_found`; private ones are hidden from those outside. */
export function visibleChannel(id: string, { store }: Workspace): Channel {
  const channel = store.channel(id);
  if (channel === undefined) throw new Refusal('channel_not_found');
  if (channel.kind !== 'channel' && !channel.members.includes(yoda.user)) throw new Refusal('channel_not_found');
  return channel;
}

/** A conversation that the app may see and has the scope `<kind>:<right>` for. */
export function scopedChannel(id: string, right: 'history' | 'read', workspace: Workspace): Channel {
  const channel = visibleChannel(id, workspace);
  needScope([`${kindScope[channel.kind]}:${right}`], workspace.manifest);
  return channel;
}

/** A conversation that the app is a member of, or `not_in_channel`. */
export function joinedChannel(channel: Channel): Channel {
  if (!channel.members.includes(yoda.user)) throw new Refusal('not_in_channel');
  return channel;
}

/** A message as the Web API and events show it; metadata only for those who ask. */
export function messageObject(message: StoredMessage, withMetadata = false): Values {
  return {
    type: 'message',
    ...(message.subtype === undefined ? {} : { subtype: message.subtype }),
    user: message.user,
    text: message.text,
    ts: message.ts,
    ...(message.bot === undefined
      ? {}
      : { bot_id: message.bot, app_id: message.bot === yoda.bot ? yoda.app : artoo.app }),
    ...(message.thread === undefined ? {} : { thread_ts: message.thread, parent_user_id: message.user }),
    ...(message.blocks === undefined ? {} : { blocks: message.blocks }),
    ...(message.files === undefined ? {} : { files: message.files }),
    ...(message.edited === undefined ? {} : { edited: message.edited }),
    ...(message.reactions.length === 0
      ? {}
      : { reactions: message.reactions.map(({ name, users }) => ({ name, users, count: users.length })) }),
    ...(withMetadata && message.metadata !== undefined ? { metadata: message.metadata } : {}),
    team: team.id,
  };
}
