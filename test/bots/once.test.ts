import { expect, test } from 'vitest';
import { createOnce } from '../../src/bots/once.ts';
import { createLog } from '../../src/log.ts';
import { connect } from '../../src/queue/connection.ts';
import { privateRedis } from '../private-redis.ts';

async function open() {
  const stack = new AsyncDisposableStack();
  const server = stack.use(await privateRedis());
  const redis = stack.adopt(connect(server.url, 'ask', createLog('silent')), (client) => client.disconnect());
  await redis.ping();
  return { server, once: createOnce(redis), [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

test('what is done once is done by one of those who try, and again only when it failed', async () => {
  await using house = await open();
  let acts = 0;
  const act = async () => {
    acts++;
    if (acts === 1) throw new Error('the platform is away');
  };
  await expect(house.once('slack-1', act)).rejects.toThrow('the platform is away');
  await Promise.all(Array.from({ length: 5 }, () => house.once('slack-1', act)));
  expect(acts).toBe(2);
});

test('a claim that Redis heard and did not confirm in time does not keep the next one from it', async () => {
  await using house = await open();
  let acts = 0;
  const act = async () => {
    acts++;
  };
  house.server.process.kill('SIGSTOP');
  await expect(house.once('slack-2', act)).rejects.toThrow();
  house.server.process.kill('SIGCONT');
  await house.once('slack-2', act);
  expect(acts).toBe(1);
}, 15_000);
