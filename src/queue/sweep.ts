import type { Log } from '../log.ts';
import type { Inbox } from './inbox.ts';

const everyMs = 5000;
/** Older than any lane waits for one message, so a message that is open for so long has a late job or none at all. */
const abandonedAfterMs = 180_000;
const mostAtOnce = 500;

/**
 * Finds what a killed process left between two steps: messages admitted but never put on the BullMQ queue, and
 * messages whose turn it is and whose job is gone, or kept as failed, so that none of the same id would be added.
 * Every worker sweeps; doing so twice is harmless.
 */
export function startSweeping(inbox: Inbox, log: Log): AsyncDisposable {
  let running: Promise<void> | undefined;
  const timer = setInterval(() => {
    // While Redis is away a sweep waits for it, and others would gather behind it.
    running ??= sweep(inbox)
      .catch((error: unknown) => log.warn({ err: error }, 'A sweep failed; the next one follows'))
      .finally(() => {
        running = undefined;
      });
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
  const admitted = new Set(await lanes.stranded(ages.strandedMs));
  await inbox.enqueue([...admitted]);
  const old = await lanes.open(ages.abandonedMs);
  for (const id of old.slice(0, mostAtOnce)) {
    const state = await lanes.state(id);
    if (state !== 'answering' && state !== 'late' && !admitted.has(id)) continue;
    const job = await queue.getJob(id);
    if (job !== undefined && !(await job.isFailed())) continue;
    await job?.remove();
    await inbox.enqueue([id]);
  }
}
