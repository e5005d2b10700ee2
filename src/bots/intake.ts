import { setTimeout } from 'node:timers/promises';
import type { Message } from '../chat/message.ts';
import type { Log } from '../log.ts';
import type { Inbox } from '../queue/inbox.ts';
import type { Replier } from '../queue/replier.ts';

/** An answer that comes at once needs no sign; one second is what people should wait for it at most. */
const firstSignMs = 200;
const checkMs = 1000;
/** Slack shows a status for two minutes, Discord a typing sign for 10 s: 8 s keeps both alive. */
const refreshMs = 8000;
/** Nobody looks at a sign for longer; the lane has let the message go long before. */
const givesUpMs = 15 * 60_000;

/**
 * Stores a message and, once it is stored, shows that Yoda is at work until it is settled. Resolves when stored;
 * rejects when it could not be, and then the platform must not be told "received".
 */
export function createIntake(deps: { readonly inbox: Inbox; readonly log: Log }): {
  takeIn(replier: Replier, message: Message): Promise<void>;
} & Disposable {
  const closing = new AbortController();

  /** Cosmetic throughout: what fails here is logged and forgotten, the answer comes all the same. */
  async function attend(replier: Replier, message: Message): Promise<void> {
    const began = Date.now();
    let shownAt: number | undefined;
    await setTimeout(firstSignMs, undefined, { signal: closing.signal });
    while ((await unsettled(message)) && Date.now() - began < givesUpMs) {
      if (shownAt === undefined || Date.now() - shownAt >= refreshMs) {
        shownAt = Date.now();
        await replier.working(message.address);
      }
      await setTimeout(checkMs, undefined, { signal: closing.signal });
    }
    if (shownAt !== undefined) await replier.rested(message.address);
  }

  async function unsettled(message: Message): Promise<boolean> {
    const state = await deps.inbox.lanes.state(message.id);
    return state === 'waiting' || state === 'answering';
  }

  return {
    async takeIn(replier, message) {
      const outcome = await deps.inbox.add(message);
      deps.log.info({ message: message.id, outcome }, 'Heard');
      if (outcome !== 'stored') return;
      attend(replier, message).catch((error: unknown) => {
        if (!closing.signal.aborted)
          deps.log.debug({ err: error, message: message.id }, 'The sign of work could not be shown');
      });
    },
    [Symbol.dispose]: () => closing.abort(),
  };
}
