import { describe, expect, test } from 'vitest';
import type { AnswerMessage } from '../../src/chat/answer.ts';
import { TransientError } from '../../src/errors.ts';
import { mostWaitingPerLane } from '../../src/queue/lanes.ts';
import { sweep } from '../../src/queue/sweep.ts';
import { said, startHouse, until } from './house.ts';

const texts = (posts: readonly { text: string }[]) => posts.map((post) => post.text);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('a message', () => {
  test('is answered once however often the platform sends it', async () => {
    await using house = await startHouse({});
    const message = said('once');
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => house.inbox.add(message)));
    await until(() => house.posts.length > 0);
    expect(await house.inbox.add(message)).toBe('duplicate');
    await pause(200);
    expect(outcomes.filter((outcome) => outcome === 'stored')).toHaveLength(1);
    expect(texts(house.posts)).toEqual(['re: once']);
    expect(await house.inbox.lanes.state(message.id)).toBe('answered');
  });

  test('of another shape is refused before it is stored', async () => {
    await using house = await startHouse({ workers: 0 });
    await expect(house.inbox.add({ ...said('x'), id: 'no platform' })).rejects.toThrow();
    expect(await house.inbox.lanes.counts()).toEqual({ open: 0, oldestAt: undefined });
  });

  test('is not taken in while Redis is away, and says so in time for the platform to send again', async () => {
    await using house = await startHouse({ workers: 0 });
    house.redis.process.kill('SIGKILL');
    const began = Date.now();
    await expect(house.inbox.add(said('lost?'))).rejects.toThrow();
    expect(Date.now() - began).toBeLessThan(2900);
  });
});

describe('lanes', () => {
  test('keep their order while others run side by side', async () => {
    const running = new Set<string>();
    let mostAtOnce = 0;
    const answer: AnswerMessage = async (message) => {
      expect(running.has(message.lane)).toBe(false);
      running.add(message.lane);
      mostAtOnce = Math.max(mostAtOnce, running.size);
      await pause(10 + Math.random() * 20);
      running.delete(message.lane);
      return { text: message.text, kind: 'answered' };
    };
    await using house = await startHouse({ answer, workers: 2 });
    const lanes = ['a', 'b', 'c', 'd', 'e'];
    for (let i = 0; i < 10; i++) await Promise.all(lanes.map((lane) => house.inbox.add(said(String(i), { lane }))));
    await until(() => house.posts.length === 50);
    for (const lane of lanes) {
      expect(texts(house.posts.filter((post) => post.lane === lane))).toEqual(
        Array.from({ length: 10 }, (_, i) => String(i)),
      );
    }
    expect(mostAtOnce).toBeGreaterThan(3);
  });

  test('with much waiting cost another lane at most one answer', async () => {
    const answer: AnswerMessage = async (message) => {
      await pause(5);
      return { text: message.text, kind: 'answered' };
    };
    await using house = await startHouse({ answer, concurrency: 1, workers: 0 });
    for (let i = 0; i < 200; i++) await house.inbox.add(said(`noise ${i}`, { lane: 'noisy' }));
    house.startWorker();
    await until(() => house.posts.length > 5);
    const before = house.posts.length;
    await house.inbox.add(said('hello', { lane: 'quiet' }));
    await until(() => house.posts.some((post) => post.lane === 'quiet'));
    const overtaken = house.posts.slice(before).findIndex((post) => post.lane === 'quiet');
    // One may have been under way when it came, one may have stood before it.
    expect(overtaken).toBeLessThanOrEqual(2);
  });

  test('of one noisy person cost another person at most one answer', async () => {
    const answer: AnswerMessage = async (message) => {
      await pause(5);
      return { text: message.text, kind: 'answered' };
    };
    await using house = await startHouse({ answer, concurrency: 1, workers: 0 });
    for (let i = 0; i < 100; i++) await house.inbox.add(said('noise', { lane: `thread-${i}`, person: 'slack:NOISY' }));
    house.startWorker();
    await until(() => house.posts.length > 5);
    const before = house.posts.length;
    await house.inbox.add(said('hello', { lane: 'quiet', person: 'slack:QUIET' }));
    await until(() => house.posts.some((post) => post.lane === 'quiet'));
    expect(house.posts.slice(before).findIndex((post) => post.lane === 'quiet')).toBeLessThanOrEqual(2);
    await until(() => house.posts.length === 101);
  });

  test('answer at most four messages of one person at once', async () => {
    let now = 0;
    let most = 0;
    const answer: AnswerMessage = async (message) => {
      now++;
      most = Math.max(most, now);
      await pause(30);
      now--;
      return { text: message.text, kind: 'answered' };
    };
    await using house = await startHouse({ answer });
    await Promise.all(
      Array.from({ length: 20 }, (_, i) => house.inbox.add(said('x', { lane: `t${i}`, person: 'slack:ONE' }))),
    );
    await until(() => house.posts.length === 20);
    expect(most).toBe(4);
  });

  test('that are full refuse nobody before others are answered', async () => {
    await using house = await startHouse({ concurrency: 1, workers: 0 });
    const flood = Array.from({ length: mostWaitingPerLane + 50 }, () => house.inbox.add(said('x', { lane: 'noisy' })));
    await Promise.all(flood);
    await house.inbox.add(said('hello', { lane: 'quiet' }));
    house.startWorker();
    await until(() => house.posts.some((post) => post.lane === 'quiet'));
    expect(house.posts.findIndex((post) => post.lane === 'quiet')).toBeLessThanOrEqual(2);
  });

  test('that are full refuse in words and keep what waits', async () => {
    await using house = await startHouse({ workers: 0 });
    const adds = Array.from({ length: mostWaitingPerLane + 1 }, () => house.inbox.add(said('x')));
    const outcomes = await Promise.all(adds);
    expect(outcomes.filter((outcome) => outcome === 'full')).toHaveLength(1);
    house.startWorker();
    await until(() => house.posts.some((post) => post.text.includes('Not taken in')), 5000);
    await until(() => house.posts.length === mostWaitingPerLane + 1, 15_000);
  });
});

describe('faults', () => {
  test('that can pass are tried again, and the lane waits', async () => {
    let tries = 0;
    const answer: AnswerMessage = async (message) => {
      if (message.text === 'first' && ++tries < 3) throw new TransientError('busy', { retryAfterMs: 50 });
      return { text: message.text, kind: 'answered' };
    };
    await using house = await startHouse({ answer });
    await house.inbox.add(said('first'));
    await house.inbox.add(said('second'));
    await until(() => house.posts.length === 2, 15_000);
    expect(texts(house.posts)).toEqual(['first', 'second']);
    expect(tries).toBe(3);
  });

  test('that cannot pass end in an apology with a reference, a kept job, and a lane that goes on', async () => {
    const answer: AnswerMessage = async (message) => {
      if (message.text === 'bad') throw new Error('a bug');
      return { text: message.text, kind: 'answered' };
    };
    await using house = await startHouse({ answer });
    const bad = said('bad');
    await house.inbox.add(bad);
    await house.inbox.add(said('good'));
    await until(() => house.posts.length === 2);
    expect(house.posts[0]?.text).toMatch(/Answer this, I could not.*`[a-z0-9]{4}-[a-z0-9]{4}`/);
    expect(house.posts[1]?.text).toBe('good');
    expect(await house.inbox.lanes.state(bad.id)).toBe('apologised');
    await until(async () => (await house.inbox.queue.getFailedCount()) === 1);
  });

  test('of the platform do not make the model think twice, nor post a part twice', async () => {
    let thought = 0;
    let refusals = 0;
    const answer: AnswerMessage = async () => {
      thought++;
      return { text: 'one|two|three', kind: 'answered' };
    };
    await using house = await startHouse({
      answer,
      post: (post) => {
        if (post.text === 'two' && refusals++ === 0) throw new TransientError('503');
      },
    });
    await house.inbox.add(said('x'));
    await until(() => house.posts.length === 3);
    expect(texts(house.posts)).toEqual(['one', 'two', 'three']);
    expect(thought).toBe(1);
  });

  test('between admitting and enqueueing strand nobody', async () => {
    await using house = await startHouse({ workers: 0 });
    const { id, lane, person, conversation, ...message } = said('stranded');
    const job = JSON.stringify({ ...message, id, lane, person, conversation });
    await house.inbox.lanes.put({ id, lane, person, conversation, direct: false, job, refusal: '{}' });
    house.startWorker();
    await pause(100);
    expect(house.posts).toEqual([]);
    await sweep(house.inbox, { strandedMs: 0, abandonedMs: 180_000 });
    await until(() => house.posts.length === 1);
  });

  test('that removed a job of a message under way leave it to the sweep', async () => {
    await using house = await startHouse({ workers: 0 });
    const message = said('abandoned');
    await house.inbox.add(message);
    await house.inbox.lanes.begin(message.id);
    await house.inbox.queue.obliterate({ force: true });
    house.startWorker();
    await sweep(house.inbox, { strandedMs: 0, abandonedMs: 0 });
    await until(() => house.posts.length === 1);
  });
});
