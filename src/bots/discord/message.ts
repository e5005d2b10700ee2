import type { Message } from '../../chat/message.ts';
import type { DiscordAddress } from './address.ts';

/** What was said in Discord, by a message or a slash command. */
interface Said extends Pick<Message, 'direct' | 'intent' | 'text' | 'saidAt'> {
  /** The id of the person. */
  readonly by: string;
  /** Said in a thread or a direct channel, which is one talk; in any other channel every person has their own. */
  readonly shared: boolean;
  readonly address: DiscordAddress;
}

export function messageOf({ by, shared, address, ...said }: Said): Message {
  const talk = talkIn(address.channel, by, shared);
  return {
    version: 1,
    id: `discord-${address.asked}`,
    platform: 'discord',
    lane: talk,
    conversation: talk,
    person: `discord:${by}`,
    address,
    ...said,
  };
}

/** Where a message belongs: its lane and its conversation. */
export function talkIn(channel: string, person: string, shared: boolean): string {
  return shared ? `discord:${channel}` : `discord:${channel}:${person}`;
}
