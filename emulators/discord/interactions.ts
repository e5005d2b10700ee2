import { randomBytes } from 'node:crypto';
import type { APIMessageInteractionMetadata } from 'discord.js';
import { channelPayload, memberPayload, userPayload } from './payloads.ts';
import { snowflake } from './snowflake.ts';
import type { Channel, Entry, Store } from './store.ts';
import { guildId, type Person, yoda } from './world.ts';

/** An interaction that the bot was told of, and how far it got. */
export interface Interaction {
  readonly id: string;
  readonly token: string;
  /** 2 a command, 3 a click on a component. */
  readonly type: 2 | 3;
  readonly person: Person;
  readonly channel: Channel;
  readonly at: number;
  readonly metadata: APIMessageInteractionMetadata;
  /** The message that the clicked component stands in. */
  readonly source?: Entry;
  acknowledged: boolean;
  /** Deferred and not yet filled in: the next follow-up fills it. */
  original?: Entry;
  followUps: Entry[];
}

export interface Interactions {
  /** Tells the bot, and resolves once it answered; rejects with the client's words when it did not in time. */
  send(person: Person, channel: Channel, what: CommandUse | Click): Promise<Interaction>;
  byToken(token: string): Interaction | undefined;
  acknowledge(interaction: Interaction): void;
  readonly clock: InteractionClock;
}

export interface InteractionClock {
  /** How long a first answer may take; Discord: 3 s. */
  readonly ackMs: number;
  /** How long the token lives; Discord: 15 min. */
  readonly tokenMs: number;
}

interface CommandUse {
  readonly kind: 'command';
  readonly data: object;
}

interface Click {
  readonly kind: 'click';
  readonly source: Entry;
  readonly customId: string;
}

/** What Discord's client shows when the first answer does not come in time. */
const noResponse = 'The application did not respond';

export function createInteractions(store: Store, clock: InteractionClock): Interactions {
  const known = new Map<string, Interaction>();
  const waiting = new Map<string, () => void>();

  return {
    clock,
    byToken: (token) => known.get(token),
    acknowledge(interaction) {
      interaction.acknowledged = true;
      waiting.get(interaction.id)?.();
    },
    async send(person, channel, what) {
      const interaction = begin(person, channel, what);
      known.set(interaction.token, interaction);
      const answered = new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(noResponse)), clock.ackMs);
        waiting.set(interaction.id, () => {
          clearTimeout(timer);
          resolve();
        });
      }).finally(() => waiting.delete(interaction.id));
      store.publish({ t: 'INTERACTION_CREATE', data: payload(interaction, what, store) });
      await answered;
      return interaction;
    },
  };
}

function begin(person: Person, channel: Channel, what: CommandUse | Click): Interaction {
  const id = snowflake();
  const type = what.kind === 'command' ? 2 : 3;
  const owners = channel.kind === 'direct' ? { 0: '0' } : { 0: guildId };
  const about = { id, user: userPayload(person), authorizing_integration_owners: owners } as const;
  return {
    id,
    // Opaque to applications; letters that need no escaping in a path.
    token: randomBytes(60).toString('base64url'),
    type,
    person,
    channel,
    at: Date.now(),
    metadata: type === 2 ? { ...about, type } : { ...about, type, interacted_message_id: sourceId(what) },
    ...(what.kind === 'click' ? { source: what.source } : {}),
    acknowledged: false,
    followUps: [],
  };
}

function sourceId(what: CommandUse | Click): string {
  return what.kind === 'click' ? what.source.message.id : '';
}

/** INTERACTION_CREATE; `channel`, `entitlements` and `authorizing_integration_owners` are read without asking. */
function payload(interaction: Interaction, what: CommandUse | Click, store: Store): object {
  const { id, token, type, person, channel, metadata } = interaction;
  const direct = channel.kind === 'direct';
  const user = userPayload(person);
  const permissions = String(permissionsOf(person, store));
  return {
    id,
    application_id: yoda.id,
    type,
    token,
    version: 1,
    data: what.kind === 'command' ? what.data : { custom_id: what.customId, component_type: 2, id: 1 },
    channel_id: channel.id,
    channel: { ...channelPayload(channel, store), permissions },
    ...(direct
      ? { user }
      : {
          guild_id: guildId,
          guild: { id: guildId, locale: 'en-US', features: [] },
          guild_locale: 'en-US',
          member: { ...memberPayload(person), user, permissions },
        }),
    ...(what.kind === 'click' ? { message: what.source.message } : {}),
    app_permissions: permissions,
    locale: 'en-US',
    entitlements: [],
    authorizing_integration_owners: metadata.authorizing_integration_owners,
    context: direct ? 1 : 0,
    attachment_size_limit: 10_485_760,
  };
}

/** The permissions of all a person's roles together, that of everyone included. */
export function permissionsOf(person: Person, store: Store): bigint {
  return store
    .roles()
    .filter(({ id }) => id === guildId || person.roles.includes(id))
    .reduce((bits, role) => bits | BigInt(role.permissions), 0n);
}
