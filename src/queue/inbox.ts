import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Answer } from '../chat/answer.ts';
import { type Message, messageSchema } from '../chat/message.ts';
import { voice } from '../chat/voice.ts';
import type { Log } from '../log.ts';
import { bullPrefix } from './connection.ts';
import { createLanes, type Lanes, mostWaitingPerLane } from './lanes.ts';

export const queueName = 'chat';
const jobName = 'message';

/** What stands in a BullMQ job: the message itself is read from Redis when its turn comes. */
export interface ChatJob {
  readonly version: 1;
  readonly id: string;
}

/** The first tries happen in the lane, the others only bring an answer or apology to a platform that was away. */
export const triesInLane = 5;
export const triesInAll = 20;

/** In BullMQ anything but 0 stands behind all that have none. */
const refusalPriority = 1;

/** Where messages come in. `add` is the promise that nothing is acknowledged before it is stored. */
export interface Inbox extends AsyncDisposable {
  /**
   * Stores a message once, however often the platform sends it. Rejects when Redis does not confirm; then the platform
   * must not be told "received". `full`: its lane has too many waiting, and it is answered with a refusal.
   */
  add(message: Message): Promise<'stored' | 'duplicate' | 'full'>;
  /** Puts admitted messages on the BullMQ queue; harmless to repeat. */
  enqueue(ids: readonly string[]): Promise<void>;
  readonly lanes: Lanes;
  readonly queue: Queue<ChatJob>;
}

export function createInbox(deps: { readonly redis: Redis; readonly log: Log }): Inbox {
  const lanes = createLanes(deps.redis);
  const queue = new Queue<ChatJob>(queueName, {
    connection: deps.redis,
    prefix: bullPrefix,
    skipMetasUpdate: true,
    defaultJobOptions: {
      attempts: triesInAll,
      backoff: { type: 'custom' },
      removeOnComplete: true,
      removeOnFail: { age: 7 * 24 * 60 * 60, count: 1000 },
    },
  });
  queue.on('error', (error) => deps.log.debug({ err: error.message }, 'The queue lost Redis'));
  const refusal: Answer = { kind: 'refused', text: voice.laneFull(mostWaitingPerLane) };

  async function enqueue(ids: readonly string[]): Promise<void> {
    const jobs = ids.map((id) => ({ name: jobName, data: { version: 1 as const, id }, opts: { jobId: id } }));
    const [only] = jobs;
    if (only !== undefined && jobs.length === 1) await queue.add(only.name, only.data, only.opts);
    else if (jobs.length > 1) await queue.addBulk(jobs);
  }

  return {
    lanes,
    queue,
    enqueue,
    async add(message) {
      const { id, lane, person, conversation, direct } = messageSchema.parse(message);
      const { outcome, admitted } = await lanes.put({
        id,
        lane,
        person,
        conversation,
        direct,
        job: JSON.stringify(message),
        refusal: JSON.stringify(refusal),
      });
      // Whoever floods a lane is not refused before others are answered.
      if (outcome === 'full') await queue.add(jobName, { version: 1, id }, { jobId: id, priority: refusalPriority });
      else await enqueue(admitted);
      return outcome;
    },
    [Symbol.asyncDispose]: () => queue.close(),
  };
}
