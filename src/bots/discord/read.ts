import { ChannelType, type Message } from 'discord.js';

/** A message of a person, as far as Yoda has to do with it. */
export interface Spoken {
  /** What was typed, without the mention of Yoda, and with names where Discord puts ids. */
  readonly text: string;
  readonly direct: boolean;
  readonly thread: boolean;
  /** Yoda was named in the text, himself or by his own role. */
  readonly named: boolean;
  /** It is a reply to a message of Yoda's. */
  readonly replied: boolean;
  /** Somebody else was named, so in a thread it may not be meant for Yoda. */
  readonly othersNamed: boolean;
}

/** Reads a message; undefined for bots, webhooks and what no person wrote (joins, pins). */
export function readSpoken(message: Message, botId: string): Spoken | undefined {
  if (message.author.bot || message.webhookId !== null || message.system) return undefined;
  const { mentions, content } = message;
  const ownRoles = mentions.roles.filter((role) => role.tags?.botId === botId);
  const ids = [...ownRoles.keys()].map((id) => `<@&${id}>`);
  const ownMention = new RegExp(`[ \\t]*(?:${[`<@!?${botId}>`, ...ids].join('|')})[ \\t]*`, 'g');
  return {
    text: withNames(message, content.replace(ownMention, ' ')).trim(),
    direct: message.channel.type === ChannelType.DM,
    thread: message.channel.isThread(),
    named: ownMention.test(content),
    replied: mentions.repliedUser?.id === botId,
    othersNamed: mentions.users.some(({ id }) => id !== botId) || mentions.roles.size > ownRoles.size,
  };
}

function withNames({ mentions, guild, client }: Message, text: string): string {
  return text
    .replace(/<@!?(\d+)>/g, (_, id: string) => {
      const member = mentions.members?.get(id);
      const user = mentions.users.get(id) ?? client.users.cache.get(id);
      return `@${member?.displayName ?? user?.displayName ?? 'somebody'}`;
    })
    .replace(/<@&(\d+)>/g, (_, id: string) => `@${guild?.roles.cache.get(id)?.name ?? 'somebody'}`)
    .replace(/<#(\d+)>/g, (_, id: string) => `#${guild?.channels.cache.get(id)?.name ?? 'channel'}`)
    .replace(/<\/([^:>]+):\d+>/g, '/$1')
    .replace(/<a?(:\w+:)\d+>/g, '$1');
}
