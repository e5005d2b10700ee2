import type { Message } from '../chat/message.ts';
import type { RunCommand } from '../commands/run.ts';
import type { Log } from '../log.ts';
import type { Replier } from '../queue/replier.ts';

/**
 * What every chat platform can do. Two halves: `Replier` (REST, used by workers) and `listen` (sockets and servers,
 * used by the role `bots`). test/contract/bot.ts holds what both must keep.
 */
export interface Bot extends Replier {
  /** Starts listening; resolves once messages can arrive. Rejects with a UserError when the credentials are refused. */
  listen(hearing: Hearing): Promise<Listening>;
}

/** What a listener hands on; everything behind it knows nothing of the platform. */
export interface Hearing {
  /**
   * Stores a message and shows that Yoda is at work. Resolves once the message is in Redis (or is a duplicate, or was
   * refused in words); only then may the platform be told "received". Rejects when it could not be stored.
   */
  readonly takeIn: (message: Message) => Promise<void>;
  /**
   * Does something at most once per id, in all processes together, for what is answered without the queue. What failed
   * may be done again: the id is free then, and the fault goes on to the caller.
   */
  readonly once: (id: string, act: () => Promise<void>) => Promise<void>;
  /** Whether Yoda takes part in this conversation, so that further messages need no mention. */
  readonly takesPart: (conversation: string) => Promise<boolean>;
  /** Runs an ops command. Never rejects: refusals and faults come back as words. */
  readonly runCommand: RunCommand;
  /** Reads or replaces a small note that survives restarts, such as the hash of the registered menu. */
  readonly notes: { get(key: string): Promise<string | null>; set(key: string, value: string): Promise<void> };
  readonly log: Log;
}

export interface Listening extends AsyncDisposable {
  /** Resolves with the reason if the bot had to stop for good (a revoked token); the other bots go on. */
  readonly ended: Promise<string>;
}
