import type {
  APIDMChannel,
  APIGuildMember,
  APIPublicThreadChannel,
  APIRole,
  APITextChannel,
  APIUser,
  GatewayGuildCreateDispatchData,
} from 'discord.js';
import type { Channel, Store } from './store.ts';
import { guildId, guildName, type Person, type Role, yoda } from './world.ts';

/** A plain number, because the enums of flags have no member for zero. */
const noFlags: number = 0;

/** The locale's enum has string values, which a literal cannot satisfy. */
type Unlocalized<T> = Omit<T, 'preferred_locale'> & { preferred_locale: string };

/** The JSON of people, channels and the guild, with every field that a client reads without asking. */
export function userPayload(person: Person): APIUser {
  return {
    id: person.id,
    username: person.username,
    global_name: person.name,
    discriminator: '0',
    avatar: null,
    banner: null,
    accent_color: null,
    bot: person.bot,
    system: false,
    public_flags: noFlags,
    flags: noFlags,
    primary_guild: null,
  };
}

export function memberPayload(person: Person): Omit<APIGuildMember, 'user'> {
  return {
    nick: null,
    avatar: null,
    banner: null,
    roles: [...person.roles],
    joined_at: '2024-05-04T12:00:00.000000+00:00',
    premium_since: null,
    communication_disabled_until: null,
    deaf: false,
    mute: false,
    flags: noFlags,
    pending: false,
  };
}

export type ChannelPayload = APITextChannel | APIDMChannel | APIPublicThreadChannel;

export function channelPayload(channel: Channel, store: Store): ChannelPayload {
  if (channel.kind === 'direct') return directPayload(channel, store);
  return channel.kind === 'thread' ? threadPayload(channel, store) : textPayload(channel, store);
}

function lastMessage(channel: Channel, store: Store): string | null {
  return store.messagesIn(channel.id).at(-1)?.message.id ?? null;
}

function directPayload(channel: Channel, store: Store): APIDMChannel {
  const recipient = store.person(channel.recipient ?? '');
  return {
    id: channel.id,
    type: 1,
    flags: noFlags,
    name: null,
    last_message_id: lastMessage(channel, store),
    recipients: recipient === undefined ? [] : [userPayload(recipient)],
  };
}

function textPayload(channel: Channel, store: Store): APITextChannel {
  return {
    id: channel.id,
    type: 0,
    guild_id: guildId,
    name: channel.name,
    position: 0,
    parent_id: null,
    permission_overwrites: [],
    nsfw: false,
    topic: null,
    rate_limit_per_user: 0,
    last_message_id: lastMessage(channel, store),
    last_pin_timestamp: null,
    flags: noFlags,
  };
}

function threadPayload(channel: Channel, store: Store): APIPublicThreadChannel {
  const count = store.messagesIn(channel.id).length;
  const madeAt = new Date(channel.madeAt).toISOString();
  return {
    id: channel.id,
    type: 11,
    guild_id: guildId,
    parent_id: channel.parent ?? '',
    name: channel.name,
    owner_id: channel.owner ?? yoda.id,
    last_message_id: lastMessage(channel, store),
    last_pin_timestamp: null,
    rate_limit_per_user: 0,
    message_count: count,
    total_message_sent: count,
    member_count: 2,
    flags: noFlags,
    applied_tags: [],
    thread_metadata: {
      archived: channel.archived,
      auto_archive_duration: 1440,
      archive_timestamp: madeAt,
      locked: false,
      create_timestamp: madeAt,
    },
    member: { id: channel.id, user_id: yoda.id, join_timestamp: madeAt, flags: noFlags },
  };
}

function rolePayload(role: Role, position: number): APIRole {
  return {
    id: role.id,
    name: role.name,
    color: 0,
    colors: { primary_color: 0, secondary_color: null, tertiary_color: null },
    hoist: false,
    icon: null,
    unicode_emoji: null,
    position,
    permissions: role.permissions,
    managed: false,
    mentionable: false,
    flags: noFlags,
  };
}

/** GUILD_CREATE without what a client of this service never reads. */
export function guildPayload(store: Store) {
  const members = [...store.people(), yoda];
  const open = (kind: Channel['kind']) =>
    store.channels().filter((channel) => channel.kind === kind && channel.botMay !== 'nothing');
  return {
    id: guildId,
    name: guildName,
    icon: null,
    splash: null,
    discovery_splash: null,
    owner_id: members[0]?.id ?? yoda.id,
    region: 'deprecated',
    afk_channel_id: null,
    afk_timeout: 300,
    widget_enabled: false,
    verification_level: 0,
    default_message_notifications: 0,
    explicit_content_filter: 0,
    roles: store.roles().map(rolePayload),
    emojis: [],
    stickers: [],
    features: [],
    mfa_level: 0,
    application_id: null,
    system_channel_id: null,
    system_channel_flags: noFlags,
    rules_channel_id: null,
    vanity_url_code: null,
    description: null,
    banner: null,
    premium_tier: 0,
    premium_subscription_count: 0,
    preferred_locale: 'en-US',
    public_updates_channel_id: null,
    nsfw_level: 0,
    premium_progress_bar_enabled: false,
    safety_alerts_channel_id: null,
    hub_type: null,
    incidents_data: null,
    max_members: 500_000,
    joined_at: '2024-05-04T12:00:00.000000+00:00',
    large: false,
    unavailable: false,
    member_count: members.length,
    voice_states: [],
    members: members.map((person) => ({ ...memberPayload(person), user: userPayload(person) })),
    channels: open('text').map((channel) => textPayload(channel, store)),
    threads: open('thread').map((channel) => threadPayload(channel, store)),
    presences: [],
    stage_instances: [],
    guild_scheduled_events: [],
    soundboard_sounds: [],
  } satisfies Unlocalized<GatewayGuildCreateDispatchData>;
}
