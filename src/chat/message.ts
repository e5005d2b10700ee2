import { z } from 'zod';

/**
 * One thing a person said to Yoda, in the shape in which every platform puts it on the queue.
 * Stored in Redis as JSON, so a change of this shape raises `version` and keeps reading the one before.
 */
export const messageSchema = z.object({
  version: z.literal(1),
  /** Names the event on its platform, for example `slack-Ev0123` or `discord-112233`; the same event always has the same id. */
  id: z.string().regex(/^[a-z]+-[A-Za-z0-9_.-]{1,120}$/),
  platform: z.enum(['slack', 'discord']),
  /** Messages of one lane are answered one after the other: a DM, a channel's thread, a person in a Discord channel. */
  lane: z.string().min(1).max(200),
  /** Whose history the model sees; a DM is one lane and each of its threads a conversation. */
  conversation: z.string().min(1).max(200),
  /** Who said it, with the platform: `slack:U123`. Vouched for by the platform, never read from the text. */
  person: z.string().regex(/^[a-z]+:[A-Za-z0-9_-]+$/),
  /** Said where only Yoda listens; the first such message of a person is greeted with what he does. */
  direct: z.boolean(),
  /** `ask` wants an answer from the model, `reset` has the conversation's history forgotten. */
  intent: z.enum(['ask', 'reset']),
  /** What was typed, without the mention of Yoda and with the platform's escapes undone. */
  text: z.string().max(50_000),
  /** When the platform says it was said, milliseconds since 1970. */
  saidAt: z.number().int().nonnegative(),
  /** Where the answer goes; only the platform's own reply.ts looks inside, and checks it again. */
  address: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
});

export type Message = z.infer<typeof messageSchema>;
export type Platform = Message['platform'];
export type Address = Message['address'];
