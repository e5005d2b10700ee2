import type { Redis } from 'ioredis';
import { z } from 'zod';

/** One exchange: what a person said and what Yoda answered. */
export interface Exchange {
  /** The message's id: the same exchange is remembered once, however often it is told. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly saidAt: number;
  readonly user: string;
  readonly assistant: string;
}

/** What was said in each conversation, in Redis; forgotten 7 days after the last word. */
export interface History {
  /** The last `turns` exchanges, oldest first. */
  recent(conversation: string, turns: number): Promise<readonly Exchange[]>;
  remember(conversation: string, exchange: Exchange): Promise<void>;
  forget(conversation: string): Promise<void>;
}

const lifetimeSeconds = 7 * 24 * 60 * 60;
/** More than any profile shows a model of this size. */
const keptExchanges = 50;

const exchangeSchema = z.object({ id: z.string(), saidAt: z.number(), user: z.string(), assistant: z.string() });

export function createHistory(deps: { readonly redis: Redis }): History {
  const { redis } = deps;
  const key = (conversation: string) => `{dagobah}:history:${conversation}`;
  return {
    async recent(conversation, turns) {
      if (turns <= 0) return [];
      const rows = await redis.zrange(key(conversation), String(-turns), '-1');
      return rows.map((row) => exchangeSchema.parse(JSON.parse(row)));
    },
    async remember(conversation, exchange) {
      // A sorted set makes a repeat harmless: the same member with the same score changes nothing.
      const { id, saidAt, user, assistant } = exchange;
      await redis
        .multi()
        .zadd(key(conversation), String(saidAt), JSON.stringify({ id, saidAt, user, assistant }))
        .zremrangebyrank(key(conversation), 0, -keptExchanges - 1)
        .expire(key(conversation), lifetimeSeconds)
        .exec();
    },
    async forget(conversation) {
      await redis.del(key(conversation));
    },
  };
}
