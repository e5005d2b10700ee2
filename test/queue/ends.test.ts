import { UnrecoverableError, Worker } from 'bullmq';
import { describe, expect, test } from 'vitest';
import type { AnswerMessage } from '../../src/chat/answer.ts';
import type { Message } from '../../src/chat/message.ts';
import { TransientError } from '../../src/errors.ts';
import { createLog } from '../../src/log.ts';
import { bullPrefix, connect, keyPrefix } from '../../src/queue/connection.ts';
import { queueName } from '../../src/queue/inbox.ts';
import { sweep } from '../../src/queue/sweep.ts';
import { said, startHouse, until } from './house.ts';

type House = Awaited<ReturnType<typeof startHouse>>;

const texts = (house: House) => house.posts.map((post) => post.text);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Changes what Redis holds, as if time had passed. */
async function write(house: House, key: string, field: string, value: number): Promise<void> {
  const redis = connect(house.redis.url, 'ask', createLog('silent'));
  await redis.hset(key, field, value);
  redis.disconnect();
}

/** Stores a message as another version of this service would have written it. */
async function putRaw(house: House, message: Message, job: string): Promise<void> {
  const { id, lane, person, conversation } = message;
  const { admitted } = await house.inbox.lanes.put({
    id,
    lane,
    person,
    conversation,
    direct: false,
    job,
    refusal: '{}',
  });
  await house.inbox.enqueue(admitted);
}

describe('a lane goes on', () => {
  test('when the model asks for a wait of an hour', async () => {
    const answer: AnswerMessage = async ({ text }) => {
      if (text === 'first') throw new TransientError('429', { retryAfterMs: 3_600_000 });
      return { text, kind: 'answered' };
    };
    await using house = await startHouse({ answer });
    await house.inbox.add(said('first'));
    await house.inbox.add(said('second'));
    await until(() => house.posts.length === 2);
    expect(texts(house)).toEqual([expect.stringContaining('Answer this, I could not'), 'second']);
  });

  test('when the platform asks for a wait of an hour, and the answer follows later', async () => {
    let limited = true;
    await using house = await startHouse({
      post: ({ text }) => {
        if (limited && text === 're: first') throw new TransientError('429', { retryAfterMs: 3_600_000 });
      },
    });
    const first = said('first');
    await house.inbox.add(first);
    await house.inbox.add(said('second'));
    await until(() => house.posts.length === 1);
    expect(await house.inbox.lanes.state(first.id)).toBe('late');
    limited = false;
    await until(async () => (await house.inbox.queue.getJob(first.id))?.delay === 3_600_000);
    await (await house.inbox.queue.getJob(first.id))?.promote();
    await until(() => house.posts.length === 2);
    expect(texts(house)).toEqual(['re: second', 're: first']);
  });

  test('when what is stored is of a shape that only a newer version knows', async () => {
    await using house = await startHouse({ workers: 0 });
    const newer = said('newer');
    await putRaw(house, newer, JSON.stringify({ version: 2 }));
    await write(house, `${keyPrefix}:message:${newer.id}`, 'firstTryAt', Date.now() - 180_000);
    await house.inbox.add(said('next'));
    house.startWorker();
    await until(() => house.posts.length === 1);
    expect(await house.inbox.lanes.state(newer.id)).toBe('late');
  });

  test('when each worker that thinks about a message dies of it', async () => {
    let thought = 0;
    const answer: AnswerMessage = async ({ text }) => {
      thought++;
      return { text, kind: 'answered' };
    };
    await using house = await startHouse({ answer, workers: 0 });
    const deadly = said('deadly');
    await house.inbox.add(deadly);
    // BullMQ's own count of the times that it found a job without a worker.
    await write(house, `${bullPrefix}:${queueName}:${deadly.id}`, 'stc', 5);
    house.startWorker();
    await until(() => house.posts.length === 1);
    expect(texts(house)[0]).toContain('Answer this, I could not');
    expect(thought).toBe(0);
  });

  test('when the job of a message failed before it was begun', async () => {
    await using house = await startHouse({ workers: 0 });
    await house.inbox.add(said('first'));
    const connection = connect(house.redis.url, 'work', createLog('silent'));
    const failing = new Worker(queueName, () => Promise.reject(new UnrecoverableError('no')), {
      connection,
      prefix: bullPrefix,
    });
    await until(async () => (await house.inbox.queue.getFailedCount()) === 1);
    await failing.close();
    connection.disconnect();
    house.startWorker();
    await sweep(house.inbox, { strandedMs: 0, abandonedMs: 0 });
    await until(() => house.posts.length === 1);
  });
});

test('an answer and how much of it is posted are recorded together, and by the latest try alone', async () => {
  await using house = await startHouse({ workers: 0 });
  const message = said('x');
  const { lanes } = house.inbox;
  await house.inbox.add(message);
  await lanes.begin(message.id);
  expect(await lanes.save(message.id, 1, { answer: '"long"', posted: 2 })).toBe(true);
  expect((await lanes.begin(message.id)).turn).toMatchObject({ answer: '"long"', posted: 2, begun: 2 });
  expect(await lanes.save(message.id, 1, { answer: '"short"', posted: 0 })).toBe(false);
  expect(await lanes.save(message.id, 2, { answer: '"short"', posted: 0 })).toBe(true);
  expect((await lanes.begin(message.id)).turn).toMatchObject({ answer: '"short"', posted: 0 });
});

test('a worker closes although Redis is gone', async () => {
  await using house = await startHouse({ workers: 0 });
  const worker = house.startWorker();
  await pause(200);
  house.redis.process.kill('SIGKILL');
  await pause(200);
  const closed = worker[Symbol.asyncDispose]().then(() => 'closed');
  expect(await Promise.race([closed, pause(15_000)])).toBe('closed');
}, 30_000);

test('a Redis that has no memory left now and then costs nobody an answer', async () => {
  const answer: AnswerMessage = async ({ text }) => {
    await pause(Math.random() * 40);
    return { text, kind: 'answered' };
  };
  await using house = await startHouse({ answer });
  const messages = Array.from({ length: 200 }, (_, i) => said(String(i), { lane: `lane-${i % 25}` }));
  for (const message of messages) await house.inbox.add(message);
  const redis = connect(house.redis.url, 'ask', createLog('silent'));
  for (let i = 0; i < 20; i++) {
    await redis.config('SET', 'maxmemory', '1');
    await pause(Math.random() * 40);
    await redis.config('SET', 'maxmemory', '0');
    await pause(20 + Math.random() * 40);
  }
  redis.disconnect();
  await until(async () => (await house.inbox.lanes.counts()).open === 0, 60_000);
  expect(texts(house).sort()).toEqual(messages.map(({ text }) => text).sort());
}, 90_000);
