import { expect, test } from 'vitest';
import type { Bot, Listening } from '../../src/bots/bot.ts';
import { startBots } from '../../src/bots/start.ts';
import { TransientError } from '../../src/errors.ts';
import { createLog } from '../../src/log.ts';
import { connect } from '../../src/queue/connection.ts';
import { createInbox } from '../../src/queue/inbox.ts';
import { privateRedis } from '../private-redis.ts';
import { until } from '../queue/house.ts';

test('a bot that comes to listen while the others are closed is closed too', async () => {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await privateRedis());
  const log = createLog('silent');
  const redis = stack.adopt(connect(server.url, 'ask', log), (client) => client.disconnect());
  const inbox = stack.use(createInbox({ redis, log }));
  const opening = Promise.withResolvers<void>();
  let tries = 0;
  let closed = 0;
  const listen = async (): Promise<Listening> => {
    if (++tries === 1) throw new TransientError('The platform is away.');
    await opening.promise;
    return { ended: new Promise(() => undefined), [Symbol.asyncDispose]: async () => void closed++ };
  };
  const bot: Bot = {
    platform: 'slack',
    listen,
    parts: (text) => [text],
    post: async () => 'posted',
    working: async () => undefined,
    rested: async () => undefined,
  };
  const runCommand = async () => ({ text: '', visibility: 'asker' }) as const;
  const bots = await startBots([bot], { inbox, runCommand, redis, log });
  await until(() => tries === 2);
  await bots[Symbol.asyncDispose]();
  opening.resolve();
  await expect.poll(() => closed).toBe(1);
});
