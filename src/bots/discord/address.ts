import { z } from 'zod';
import type { Address } from '../../chat/message.ts';

/** What both kinds hold: where to post, who posts, and the event behind which the answer will stand. */
const place = {
  channel: z.string(),
  /** The bot's own user id: a worker asks no gateway for it. */
  bot: z.string(),
  /** The id of the message or interaction that asked; ids grow with time. */
  asked: z.string(),
};

const addressSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('message'), ...place }),
  z.object({
    kind: z.literal('interaction'),
    ...place,
    application: z.string(),
    token: z.string(),
    /** When the interaction's token dies, milliseconds since 1970. */
    expiresAt: z.number(),
  }),
]);

export type DiscordAddress = z.output<typeof addressSchema>;
export type InteractionAddress = Extract<DiscordAddress, { readonly kind: 'interaction' }>;

/** Reads what listen.ts stored; throws a ZodError for an address of another platform. */
export function readAddress(address: Address): DiscordAddress {
  return addressSchema.parse(address);
}

const discordEpochMs = 1_420_070_400_000n;

/** When a Discord id was made, milliseconds since 1970: the time stands in its upper bits (docs: snowflakes). */
export function madeAt(id: string): number {
  return Number((BigInt(id) >> 22n) + discordEpochMs);
}
