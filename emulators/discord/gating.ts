import type { WireMessage } from './store.ts';
import { yoda } from './world.ts';

/** The bits of the gateway's intents that this emulator knows apart. */
export const intents = {
  guilds: 1 << 0,
  guildMembers: 1 << 1,
  guildPresences: 1 << 8,
  guildMessages: 1 << 9,
  guildMessageTyping: 1 << 11,
  directMessages: 1 << 12,
  directMessageTyping: 1 << 14,
  messageContent: 1 << 15,
} as const;

/** Must be switched on for the application in the developer portal, or IDENTIFY ends with 4014. */
export const privileged = intents.guildMembers | intents.guildPresences | intents.messageContent;

/** Every bit that Discord knows; another one ends IDENTIFY with 4013. */
export const known = ((1 << 17) - 1) | (1 << 20) | (1 << 21) | (1 << 24) | (1 << 25);

/**
 * Blanks what an application without the MessageContent intent may not read. It may read its own messages, direct
 * messages, those that mention it, and pinging replies to its messages, unless those answered an interaction
 * (docs: "You might not need a privileged intent").
 */
export function gate<M extends WireMessage>(message: M, mayReadAll: boolean, direct: boolean): M {
  const { author, content, mentions, referenced_message: replied } = message;
  const named = new RegExp(`<@!?${yoda.id}>`).test(content);
  const pinged = mentions.some(({ id }) => id === yoda.id) && replied?.type !== 20;
  const shown = mayReadAll || direct || author.id === yoda.id || named || pinged;
  const inner = replied ? { referenced_message: gate(replied, mayReadAll, direct) } : {};
  return { ...message, ...inner, ...(shown ? {} : { content: '', embeds: [], attachments: [], components: [] }) };
}
