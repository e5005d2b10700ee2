import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Route } from '../core/server.ts';
import { readBlocks } from './blocks.ts';
import { Refusal } from './refusal.ts';
import type { Store } from './store.ts';
import { team, yoda } from './world.ts';

/** A response_url takes 5 posts within 30 minutes (docs.slack.dev/interactivity/handling-user-interaction). */
const mostUses = 5;
const lifeMs = 30 * 60_000;

export interface ResponseUrls {
  /** A new address for answers to this person in this channel; a path, without the host. */
  issue(channel: string, user: string): string;
  /** Shows what the app has said, in the place that the address was issued for. */
  readonly routes: readonly Route[];
  /** Shows an answer that came with the acknowledgement itself. */
  show(response: unknown, channel: string, user: string): void;
}

const responseSchema = z.object({
  text: z.string().optional(),
  response_type: z.enum(['ephemeral', 'in_channel']).optional(),
  blocks: z.unknown().optional(),
});

export function createResponseUrls(store: Store, nowMs: () => number): ResponseUrls {
  const issued = new Map<string, { channel: string; user: string; uses: number; until: number }>();

  function show(response: unknown, channel: string, user: string): boolean {
    const { text = '', response_type: type = 'ephemeral', blocks: given } = responseSchema.parse(response);
    const blocks = readBlocks(given);
    if (text === '' && blocks === undefined) return false;
    const ephemeralTo = type === 'ephemeral' ? user : undefined;
    store.add({ channel, user: yoda.user, bot: yoda.bot, text, blocks, ephemeralTo });
    return true;
  }

  return {
    issue(channel, user) {
      const path = `/commands/${team.id}/${Date.now()}/${randomBytes(12).toString('base64url')}`;
      issued.set(path, { channel, user, uses: 0, until: nowMs() + lifeMs });
      return path;
    },
    show(response, channel, user) {
      if (responseSchema.safeParse(response).success) show(response, channel, user);
    },
    routes: [
      {
        method: 'POST',
        path: '/commands/:team/:id/:secret',
        handle: (call) => {
          const place = issued.get(call.path);
          if (place === undefined || place.until < nowMs())
            return { status: 404, body: { ok: false, error: 'expired_url' } };
          if (place.uses >= mostUses) return { status: 404, body: { ok: false, error: 'used_url' } };
          place.uses++;
          try {
            if (!show(call.json(), place.channel, place.user)) return { status: 400, body: 'no_text' };
          } catch (error) {
            return { status: 400, body: error instanceof Refusal ? error.body : 'invalid_payload' };
          }
          return { body: 'ok' };
        },
      },
    ],
  };
}
