import { describe, expect, test } from 'vitest';
import type { AnswerMessage } from '../../src/chat/answer.ts';
import { createOnce } from '../../src/bots/once.ts';
import { TransientError } from '../../src/errors.ts';
import { createLog } from '../../src/log.ts';
import { connect } from '../../src/queue/connection.ts';
import { mostWaitingPerLane } from '../../src/queue/lanes.ts';
import { sweep } from '../../src/queue/sweep.ts';
import { said, startHouse, until } from './house.ts';

const texts = (posts: readonly { text: string }[]) => posts.map((post) => post.text);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test('A retry-after of an hour', async () => {
  const answer: AnswerMessage = async (message) => {
    if (message.text === 'first') throw new TransientError('429', { retryAfterMs: 3_600_000 });
    return { text: message.text, kind: 'answered' };
  };
  await using house = await startHouse({ answer });
  await house.inbox.add(said('first'));
  await house.inbox.add(said('second'));
  await until(() => house.posts.length === 2, 5000);
});

test('B shutdown while redis hangs', async () => {
  await using house = await startHouse({ workers: 0 });
  const worker = house.startWorker();
  await pause(300);
  house.redis.process.kill('SIGSTOP');
  try {
    const began = Date.now();
    const done = await Promise.race([worker[Symbol.asyncDispose]().then(() => 'closed'), pause(20_000).then(() => 'hangs')]);
    console.log('B', done, Date.now() - began);
    expect(done).toBe('closed');
  } finally {
    house.redis.process.kill('SIGCONT');
  }
}, 40_000);

test('B2 shutdown while redis is gone', async () => {
  const house = await startHouse({ workers: 0 });
  const worker = house.startWorker();
  await pause(300);
  house.redis.process.kill('SIGKILL');
  await pause(300);
  const began = Date.now();
  const done = await Promise.race([worker[Symbol.asyncDispose]().then(() => 'closed'), pause(20_000).then(() => 'hangs')]);
  console.log('B2', done, Date.now() - began);
  expect(done).toBe('closed');
}, 40_000);

test('C once with a Redis that was slow', async () => {
  await using house = await startHouse({ workers: 0 });
  const redis = connect(house.redis.url, 'ask', createLog('silent'));
  const once = createOnce(redis);
  await redis.ping();
  let acted = 0;
  const act = async () => void acted++;
  house.redis.process.kill('SIGSTOP');
  await expect(once('slack-C-1', act)).rejects.toThrow();
  house.redis.process.kill('SIGCONT');
  await pause(200);
  await once('slack-C-1', act);
  redis.disconnect();
  expect(acted).toBe(1);
}, 20_000);

test('D a flood of refusals', async () => {
  const answer: AnswerMessage = async (message) => ({ text: message.text, kind: 'answered' });
  await using house = await startHouse({ answer, concurrency: 1, workers: 0 });
  await Promise.all(Array.from({ length: mostWaitingPerLane + 200 }, () => house.inbox.add(said('noise', { lane: 'noisy' }))));
  await house.inbox.add(said('hello', { lane: 'quiet' }));
  house.startWorker();
  await until(() => house.posts.some((post) => post.lane === 'quiet'), 20_000);
  console.log('D', house.posts.findIndex((post) => post.lane === 'quiet'));
  expect(house.posts.findIndex((post) => post.lane === 'quiet')).toBeLessThan(4);
}, 40_000);

test('F a waiting message whose job failed', async () => {
  await using house = await startHouse({ workers: 0 });
  const first = said('first');
  await house.inbox.add(first);
  // as BullMQ leaves it: failed, kept
  const { Worker } = await import('bullmq');
  const w = new Worker('chat', async () => { const { UnrecoverableError } = await import('bullmq'); throw new UnrecoverableError('x'); }, { connection: { url: house.redis.url } as never, prefix: '{dagobah}:bull' });
  await until(async () => (await house.inbox.queue.getFailedCount()) === 1);
  await w.close();
  house.startWorker();
  await sweep(house.inbox, { strandedMs: 0, abandonedMs: 0 });
  await until(() => house.posts.length === 1, 5000);
}, 20_000);

test('G a message that never ended', async () => {
  let thought = 0;
  const answer: AnswerMessage = async (m) => { thought++; return { text: m.text, kind: 'answered' }; };
  await using house = await startHouse({ answer, workers: 0 });
  const m = said('poison');
  await house.inbox.add(m);
  for (let i = 0; i < 40; i++) await house.inbox.lanes.begin(m.id);
  house.startWorker();
  await until(() => house.posts.length === 1, 5000);
  console.log('G', texts(house.posts), thought);
});
