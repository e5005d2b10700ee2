import { createHash } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { REST, Routes } from 'discord.js';
import { z } from 'zod';
import type { Replier } from '../../queue/replier.ts';
import { type DiscordAddress, type InteractionAddress, madeAt, readAddress } from './address.ts';
import { asFault, codeOf } from './faults.ts';
import { partsOf } from './format.ts';

/** A rate limit shorter than this is waited for here; for a longer one the queue waits. */
const longestWaitMs = 1500;
/** Discord remembers a nonce for "the past few minutes"; one minute is surely within them. */
const nonceTrustedMs = 60_000;
/** The interaction may be answered before listen.ts, in another process, has told Discord that it was received. */
const receiptMs = 4000;
const receiptCheckMs = 150;
/** How far behind the question an earlier try is looked for. */
const pageSize = 100;
const mostPages = 5;
const suppressEmbeds = 1 << 2;
const loading = 1 << 7;
/** Discord's codes for a token that has died: unknown webhook, invalid webhook token. */
const tokenDied = [10015, 50027];
const noMentions = { parse: [], replied_user: false };

const postSchema = z.object({
  id: z.string(),
  content: z.string(),
  flags: z.number().default(0),
  author: z.object({ id: z.string() }),
});
type Post = z.output<typeof postSchema>;

/** The worker's half: REST calls only, nothing is opened by building it. */
export function createReplier(settings: { readonly token: string; readonly apiUrl: string }): Replier {
  const rest = new REST({
    api: settings.apiUrl,
    version: '10',
    retries: 0,
    timeout: 10_000,
    offset: 0,
    globalRequestsPerSecond: 50, // Discord's own limit for a bot
    rejectOnRateLimit: ({ timeToReset, retryAfter }) => Math.max(timeToReset, retryAfter) > longestWaitMs,
  });
  /** The keys of the latest posts, so that two posts with the same words are not taken for each other. */
  const known = new Map<string, string>();

  async function call<T>(doing: string, act: () => Promise<T>): Promise<T> {
    try {
      rest.setToken(settings.token); // one 401 makes discord.js forget it
      return await act();
    } catch (error) {
      throw asFault(error, doing);
    }
  }

  async function toChannel(to: DiscordAddress, part: string, key: string, again: boolean): Promise<string> {
    // While Discord surely remembers the nonce, it finds the first try itself, and without a doubt.
    const old = Date.now() - madeAt(to.asked) > nonceTrustedMs;
    const found = again && old ? await earlier(to, part, key) : undefined;
    if (found !== undefined) return found.id;
    const reference = { message_id: to.asked, channel_id: to.channel, fail_if_not_exists: false };
    const body = {
      content: part,
      nonce: nonceOf(key),
      enforce_nonce: true,
      allowed_mentions: noMentions,
      flags: suppressEmbeds,
      ...(to.kind === 'message' && !continues(key) ? { message_reference: reference } : {}),
    };
    const sent = await call('posting an answer', () => rest.post(Routes.channelMessages(to.channel), { body }));
    return postSchema.parse(sent).id;
  }

  /** The bot's own post with these words behind the question, if an earlier try arrived. */
  async function earlier(to: DiscordAddress, part: string, key: string): Promise<Post | undefined> {
    let after = to.asked;
    for (let page = 0; page < mostPages; page++) {
      const query = new URLSearchParams({ after, limit: String(pageSize) });
      const read = await call('looking for an earlier try', () =>
        rest.get(Routes.channelMessages(to.channel), { query }),
      );
      const posts = z.array(postSchema).parse(read); // newest first
      const same = posts.findLast(
        ({ id, author, content }) => author.id === to.bot && content === part.trim() && (known.get(id) ?? key) === key,
      );
      if (same !== undefined || posts.length < pageSize) return same;
      after = posts[0]?.id ?? after;
    }
    return undefined;
  }

  /** Fills in the deferred reply; undefined when that was done before or the token has died. */
  async function toInteraction(to: InteractionAddress, part: string): Promise<string | undefined> {
    const route = Routes.webhookMessage(to.application, to.token);
    const original = await deferred(to);
    if (original === undefined) return undefined;
    if ((original.flags & loading) === 0) return original.content === part.trim() ? original.id : undefined;
    const body = { content: part, allowed_mentions: noMentions };
    try {
      const sent = await call('answering a command', () => rest.patch(route, { body, auth: false }));
      return postSchema.parse(sent).id;
    } catch (error) {
      if (tokenDied.includes(codeOf(error) ?? 0)) return undefined;
      throw error;
    }
  }

  /** The reply that the command was received with; undefined when there is none or its token has died. */
  async function deferred(to: InteractionAddress): Promise<Post | undefined> {
    const route = Routes.webhookMessage(to.application, to.token);
    while (true) {
      try {
        return postSchema.parse(await call('answering a command', () => rest.get(route, { auth: false })));
      } catch (error) {
        const code = codeOf(error);
        if (code === 10008 || code === 50027) return undefined;
        if (code !== 10015) throw error;
        if (Date.now() - madeAt(to.asked) > receiptMs) return undefined;
        await setTimeout(receiptCheckMs);
      }
    }
  }

  function remember(id: string, key: string): string {
    known.set(id, key);
    const [oldest] = known.keys();
    if (known.size > 1000 && oldest !== undefined) known.delete(oldest);
    return id;
  }

  return {
    platform: 'discord',
    parts: partsOf,
    async post(address, part, key, again) {
      const to = readAddress(address);
      const alive = to.kind === 'interaction' && Date.now() < to.expiresAt;
      const id = alive ? await toInteraction(to, part) : undefined;
      return remember(id ?? (await toChannel(to, part, key, again)), key);
    },
    async working(address) {
      const to = readAddress(address);
      if (to.kind === 'interaction' && Date.now() < to.expiresAt) return; // "is thinking" stands there already
      await call('showing the sign of typing', () => rest.post(Routes.channelTyping(to.channel)));
    },
    async rested() {
      // Typing ends with the answer, or by itself after 10 s.
    },
  };
}

/** At most 25 characters (docs: create message). */
function nonceOf(key: string): string {
  return createHash('sha256').update(key).digest('base64url').slice(0, 25);
}

/** Whether this is a later part of an answer: the queue's keys end in the number of the part. */
function continues(key: string): boolean {
  return /[.:][1-9]\d*$/.test(key);
}
