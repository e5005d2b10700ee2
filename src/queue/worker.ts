import { setTimeout as pause } from 'node:timers/promises';
import { Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { AnswerMessage } from '../chat/answer.ts';
import type { History } from '../chat/history.ts';
import type { Platform } from '../chat/message.ts';
import { TransientError } from '../errors.ts';
import type { Log } from '../log.ts';
import { workOn } from './attempt.ts';
import { bullPrefix } from './connection.ts';
import { type ChatJob, createInbox, queueName, triesInLane } from './inbox.ts';
import type { Replier } from './replier.ts';
import { startSweeping } from './sweep.ts';

export interface WorkerDeps {
  /** A connection of the kind `work`: while Redis is away the worker waits for it, it does not apologise. */
  readonly redis: Redis;
  readonly answer: AnswerMessage;
  readonly history: History;
  readonly repliers: ReadonlyMap<Platform, Replier>;
  readonly log: Log;
  /** How many messages are worked on at once; most of them wait for the model together. */
  readonly concurrency?: number;
}

const inLaneDelaysMs = [1000, 3000, 9000, 27_000];
const lateDelayMs = { first: 30_000, most: 60 * 60_000 };
/** How long a closing worker lets its messages finish before it hands them back. */
const graceMs = 8000;
/** And then lets the posts under way end, unless Redis is away: nothing could be recorded of them. */
const lastPostsMs = 10_000;

/**
 * Answers what waits: begin -> answer (stored) -> post each part (recorded) -> finish. Closing finishes what is in
 * flight, or hands it back to the queue after a grace period.
 */
export function startWorker(deps: WorkerDeps): AsyncDisposable {
  const inbox = createInbox(deps);
  const closing = new AbortController();
  const attempt = { ...deps, inbox, closing: closing.signal };
  const worker = new Worker<ChatJob>(queueName, (job, token) => workOn(job, token, attempt), {
    connection: deps.redis,
    prefix: bullPrefix,
    concurrency: deps.concurrency ?? 64,
    // A killed worker's messages go to another within 15 s; BullMQ's defaults take a minute and give up after two kills.
    lockDuration: 10_000,
    stalledInterval: 5000,
    maxStalledCount: 10,
    settings: { backoffStrategy: (tries, _type, error) => delayMs(tries, error) },
  });
  // connection.ts says aloud when Redis goes and comes; BullMQ repeats it every second.
  worker.on('error', (error) => deps.log.debug({ err: error.message }, 'The worker waits for Redis'));
  const sweeping = startSweeping(inbox, deps.log);

  async function close(): Promise<void> {
    await Promise.all([sweeping[Symbol.asyncDispose](), worker.close()]);
    await inbox[Symbol.asyncDispose]();
  }

  /** What is in flight by then is found by another worker, as after a kill. */
  async function giveUp(signal: AbortSignal): Promise<void> {
    await pause(graceMs, undefined, { signal });
    closing.abort(new Error('The service is stopping.'));
    if (deps.redis.status === 'ready') await pause(lastPostsMs, undefined, { signal });
    deps.log.warn('Closed with messages in flight; another worker begins them again');
  }

  let closed: Promise<void> | undefined;
  return {
    [Symbol.asyncDispose]() {
      const done = new AbortController();
      closed ??= Promise.race([close(), giveUp(done.signal)]).finally(() => done.abort());
      return closed;
    },
  };
}

/** Exponential with jitter, and never less than what the other side asked for. `tries` counts those that failed. */
export function delayMs(tries: number, error: Error | undefined): number {
  const asked = error instanceof TransientError ? (error.retryAfterMs ?? 0) : 0;
  const late = Math.min(lateDelayMs.first * 2 ** (tries - triesInLane), lateDelayMs.most);
  const own = inLaneDelaysMs[tries - 1] ?? late;
  return Math.max(asked, Math.round(own * (0.75 + Math.random() / 2)));
}
