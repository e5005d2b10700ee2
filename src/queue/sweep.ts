import type { Log } from '../log.ts';
import type { Inbox } from './inbox.ts';

const everyMs = 5000;
/** Older than any lane waits for one message, so a message that is open for so long has a late job or none at all. */
const abandonedAfterMs = 180_000;
const mostAtOnce = 500;

/**
 * Finds what a killed process left between two steps: messages admitted but never put on the BullMQ queue, and
 * messages being answered whose job is gone. Every worker sweeps; doing so twice is harmless.
 */
export function startSweeping(inbox: Inbox, log: Log): AsyncDisposable {
  let running: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    running = sweep(inbox).catch((error: unknown) => log.warn({ err: error }, 'A sweep failed; the next one follows'));
  }, everyMs);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await running;
    },
  };
}

export async function sweep(
  inbox: Inbox,
  ages = { strandedMs: everyMs, abandonedMs: abandonedAfterMs },
): Promise<void> {
  const { lanes, queue } = inbox;
  await inbox.enqueue(await lanes.stranded(ages.strandedMs));
  const old = await lanes.open(ages.abandonedMs);
  for (const id of old.slice(0, mostAtOnce)) {
    const state = await lanes.state(id);
    if (state !== 'answering' && state !== 'late') continue;
    const job = await queue.getJob(id);
    if (job !== undefined && !(await job.isFailed())) continue;
    await job?.remove();
    await inbox.enqueue([id]);
  }
}
