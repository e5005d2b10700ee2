import { z } from 'zod';
import type { Address } from '../../chat/message.ts';
import { TransientError } from '../../errors.ts';
import type { Replier } from '../../queue/replier.ts';
import { calling, type SlackClient, SlackRefusal } from './client.ts';
import { cutShort, fallback, markdownParts } from './format.ts';

/** Where an answer goes. Stored with the message, so a new field is optional. */
const addressSchema = z.object({
  channel: z.string(),
  /** The ts of the thread's first message; absent when the answer stands in the channel itself (`/yoda ask`). */
  thread: z.string().optional(),
  /** The question's ts, or the time of the command in the same form: no answer is older. */
  since: z.string(),
  /** The words of a slash command, shown above the answer because nobody else's message says them. */
  quote: z.string().optional(),
  /** Good for 5 posts within 30 minutes, also where Yoda is no member. */
  responseUrl: z.url().optional(),
});

export type SlackAddress = z.infer<typeof addressSchema>;

const eventType = 'dagobah_answer';
const longestQuote = 150;
/** Beyond this many messages after the question an earlier try is not looked for. */
const pagesToSearch = 5;
const responseTimeoutMs = 10_000;

/** The half of the bot that workers use: Web API calls only. */
export function createReplier(client: SlackClient): Replier {
  return {
    platform: 'slack',
    parts: markdownParts,
    async post(raw, part, key, again) {
      const address = addressSchema.parse(raw);
      const found = again ? await find(address, key, client) : undefined;
      return found ?? (await post(address, part, key, client));
    },
    working: (raw) => setStatus(raw, 'is thinking…', client),
    rested: (raw) => setStatus(raw, '', client),
  };
}

async function post(address: SlackAddress, part: string, key: string, client: SlackClient): Promise<string> {
  const content = contentOf(address, part);
  try {
    const { ts } = await calling(
      'chat.postMessage',
      client.chat.postMessage({
        channel: address.channel,
        ...(address.thread === undefined ? {} : { thread_ts: address.thread }),
        ...content,
        ...harmless,
        metadata: { event_type: eventType, event_payload: { key } },
      }),
    );
    if (ts === undefined) throw new TransientError('Slack took a message and did not say where it stands');
    return ts;
  } catch (error) {
    if (address.responseUrl === undefined || !isOutside(error)) throw error;
    await respond(address.responseUrl, { response_type: 'in_channel', ...content });
    return `response-${key}`;
  }
}

/** Nothing in an answer is unfurled, linked by name or parsed for broadcasts. */
export const harmless = { unfurl_links: false, unfurl_media: false, link_names: false, parse: 'none' } as const;

/** An answer as a message: a markdown block, with the question above it where it would be missing. */
function contentOf({ quote }: SlackAddress, part: string) {
  const answer = { type: 'markdown', text: part } as const;
  if (quote === undefined) return { text: fallback(part), blocks: [answer] };
  // Plain text is shown as it is: nothing in it can ping.
  const question = { type: 'plain_text', text: cutShort(quote, longestQuote), emoji: false } as const;
  return { text: fallback(part), blocks: [{ type: 'context' as const, elements: [question] }, answer] };
}

const outsideCodes: ReadonlySet<string> = new Set(['not_in_channel', 'channel_not_found', 'is_archived']);

/** Whether Slack says that Yoda is no member there. */
export function isOutside(error: unknown): boolean {
  return error instanceof SlackRefusal && outsideCodes.has(error.code);
}

/** The ts of the post that carries this key, if an earlier try arrived. */
async function find(address: SlackAddress, key: string, client: SlackClient): Promise<string | undefined> {
  const { channel, thread, since: oldest } = address;
  const window = { channel, oldest, inclusive: true, include_all_metadata: true, limit: 200 };
  try {
    let cursor: string | undefined;
    for (let page = 0; page < pagesToSearch; page++) {
      const at = cursor === undefined ? window : { ...window, cursor };
      const { messages = [], response_metadata: more } =
        thread === undefined
          ? await calling('conversations.history', client.conversations.history(at))
          : await calling('conversations.replies', client.conversations.replies({ ...at, ts: thread }));
      const found = messages.find(({ metadata }) => carries(metadata, key));
      if (found?.ts !== undefined) return found.ts;
      cursor = more?.next_cursor;
      if (!cursor) return undefined;
    }
    return undefined;
  } catch (error) {
    // Outside, answers go through the response_url and cannot be looked up; a thread that is gone holds nothing.
    if (isOutside(error) || (error instanceof SlackRefusal && error.code === 'thread_not_found')) return undefined;
    throw error;
  }
}

const metadataSchema = z.object({ event_type: z.literal(eventType), event_payload: z.object({ key: z.string() }) });

function carries(metadata: unknown, key: string): boolean {
  return metadataSchema.safeParse(metadata).data?.event_payload.key === key;
}

/** Slack shows a status under a thread only; a command's answer has none. */
async function setStatus(raw: Address, status: string, client: SlackClient): Promise<void> {
  const { channel, thread } = addressSchema.parse(raw);
  if (thread === undefined) return;
  const call = client.assistant.threads.setStatus({ channel_id: channel, thread_ts: thread, status });
  await calling('assistant.threads.setStatus', call);
}

/** Posts to a response_url. Throws like any other call; an address that is used up or too old is a SlackRefusal. */
export async function respond(url: string, content: Readonly<Record<string, unknown>>): Promise<void> {
  let response: Response;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(content),
      redirect: 'error',
      signal: AbortSignal.timeout(responseTimeoutMs),
    });
  } catch (cause) {
    throw new TransientError('Slack could not be reached at the response_url', { cause });
  }
  if (response.ok) return;
  const words = (await response.text()).slice(0, 200);
  const cause = new Error(words);
  if (response.status === 429 || response.status >= 500) {
    const seconds = Number(response.headers.get('retry-after'));
    const retryAfterMs = seconds > 0 ? seconds * 1000 : undefined;
    throw new TransientError(`The response_url answered ${response.status}`, { cause, retryAfterMs });
  }
  throw new SlackRefusal('the response_url', `HTTP ${response.status}`, { cause });
}
