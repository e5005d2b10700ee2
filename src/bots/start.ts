import { setTimeout } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { Message } from '../chat/message.ts';
import type { RunCommand } from '../commands/run.ts';
import { TransientError } from '../errors.ts';
import type { Log } from '../log.ts';
import { keyPrefix } from '../queue/connection.ts';
import type { Inbox } from '../queue/inbox.ts';
import type { Bot } from './bot.ts';
import { createIntake } from './intake.ts';
import { createOnce } from './once.ts';

const firstDelayMs = 1000;
const mostDelayMs = 60_000;

/**
 * Opens every bot by itself: one whose credentials are refused is off, one whose platform is away comes when it is back,
 * and the others are not touched by it. Resolves once each has been tried; rejects only when all of them are refused.
 */
export async function startBots(
  bots: readonly Bot[],
  deps: { readonly inbox: Inbox; readonly runCommand: RunCommand; readonly redis: Redis; readonly log: Log },
): Promise<AsyncDisposable> {
  const { inbox, runCommand, redis, log } = deps;
  const stack = new AsyncDisposableStack();
  const closing = new AbortController();
  const intake = stack.use(createIntake({ inbox, log }));
  const once = createOnce(redis);
  const notes = {
    get: (key: string) => redis.get(`${keyPrefix}:note:${key}`),
    set: async (key: string, value: string) => void (await redis.set(`${keyPrefix}:note:${key}`, value)),
  };
  const refusals: unknown[] = [];

  async function open(bot: Bot, delayMs: number): Promise<void> {
    const takeIn = (message: Message) => intake.takeIn(bot, message);
    const hearing = { takeIn, once, takesPart: inbox.lanes.takesPart, runCommand, notes, log };
    try {
      const listening = await bot.listen(hearing);
      if (closing.signal.aborted) return await listening[Symbol.asyncDispose]();
      stack.use(listening);
      void listening.ended.then((reason) =>
        log.error({ bot: bot.platform, reason }, 'This bot has stopped; the others go on'),
      );
    } catch (error) {
      if (!(error instanceof TransientError)) {
        log.error({ err: error, bot: bot.platform }, 'This bot cannot start; the others go on');
        refusals.push(error);
        return;
      }
      log.warn({ err: error, bot: bot.platform, delayMs }, 'This platform cannot be reached; trying again');
      void openLater(bot, delayMs);
    }
  }

  async function openLater(bot: Bot, delayMs: number): Promise<void> {
    await setTimeout(delayMs, undefined, { signal: closing.signal }).catch(() => undefined);
    if (!closing.signal.aborted) await open(bot, Math.min(delayMs * 2, mostDelayMs));
  }

  await Promise.all(bots.map((bot) => open(bot, firstDelayMs)));
  if (refusals.length === bots.length) {
    await stack.disposeAsync();
    throw refusals[0];
  }
  return {
    [Symbol.asyncDispose]: () => {
      closing.abort();
      return stack.disposeAsync();
    },
  };
}
