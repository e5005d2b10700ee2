import { calling, type SlackClient } from './client.ts';
import { fallback, markdownParts } from './format.ts';
import { harmless, isOutside, respond } from './reply.ts';

/** A place where something is said at once, without the queue. */
export interface Place {
  readonly channel: string;
  readonly thread?: string | undefined;
}

/** A response_url takes no more posts than this. */
const mostResponses = 5;

const content = (part: string) => ({ text: fallback(part), blocks: [{ type: 'markdown' as const, text: part }] });

/** Says Markdown for all to see. */
export async function sayPublicly(place: Place, text: string, client: SlackClient): Promise<void> {
  for (const part of markdownParts(text)) {
    const thread = place.thread === undefined ? {} : { thread_ts: place.thread };
    const call = client.chat.postMessage({ channel: place.channel, ...thread, ...content(part), ...harmless });
    await calling('chat.postMessage', call);
  }
}

/** Says Markdown to one person, in a channel that others read too. */
export async function sayPrivately(place: Place, user: string, text: string, client: SlackClient): Promise<void> {
  for (const part of markdownParts(text)) {
    const thread = place.thread === undefined ? {} : { thread_ts: place.thread };
    const call = client.chat.postEphemeral({
      channel: place.channel,
      user,
      ...thread,
      ...content(part),
      parse: 'none',
    });
    await calling('chat.postEphemeral', call);
  }
}

/** Answers a slash command; what all may see is posted by the bot itself, where it is a member. */
export async function sayToCommand(
  command: { readonly channel: string; readonly responseUrl: string },
  said: { readonly text: string; readonly visibility: 'asker' | 'channel' },
  client: SlackClient,
): Promise<void> {
  if (said.visibility === 'channel') {
    try {
      return await sayPublicly(command, said.text, client);
    } catch (error) {
      if (!isOutside(error)) throw error;
    }
  }
  const type = said.visibility === 'channel' ? 'in_channel' : 'ephemeral';
  for (const part of markdownParts(said.text).slice(0, mostResponses))
    await respond(command.responseUrl, { response_type: type, ...content(part) });
}

/** Words for the acknowledgement of a slash command, seen by the one who typed it. */
export function privateWords(text: string) {
  return { response_type: 'ephemeral' as const, ...content(markdownParts(text)[0] ?? '') };
}
