import type { App, Receiver } from '@slack/bolt';
import { createInFlight } from '../in-flight.ts';

/** One request from Slack, by whichever way it came. */
export interface Incoming {
  readonly body: Record<string, unknown>;
  readonly retryNum: number | undefined;
  readonly retryReason: string | undefined;
  /** Tells Slack "received"; for a command with the words to show. */
  readonly acknowledge: (response?: unknown) => Promise<void>;
}

/** A way to hear from Slack: Socket Mode or signed HTTP. */
export interface Line extends AsyncDisposable {
  /** Starts hearing. Rejects when it cannot; `lost` resolves later with the reason if Slack wants no more of it. */
  open(take: (incoming: Incoming) => Promise<void>): Promise<void>;
  readonly lost: Promise<string>;
  /** Hears nothing new, but can still acknowledge. */
  pause(): void;
}

/** Slack asks for an answer within 3 s; what takes longer at closing is given up, and Slack sends events again. */
const drainMs = 5000;

/**
 * Bolt's receivers say "received" before a listener has run, and a message that could not be stored is lost. This one
 * says it when every listener of an event is done, and nothing when one failed, so that Slack sends the event again.
 * Commands are acknowledged by their listeners, who answer a person.
 */
export function durableReceiver(line: Line): Receiver {
  const inFlight = createInFlight();
  let app: App | undefined;

  async function take({ body, retryNum, retryReason, acknowledge }: Incoming): Promise<void> {
    if (app === undefined) throw new Error('The receiver is used before init.');
    const isEvent = body.type === 'event_callback';
    await app.processEvent({
      body,
      ack: isEvent ? async () => {} : acknowledge,
      ...(retryNum === undefined ? {} : { retryNum }),
      ...(retryReason === undefined ? {} : { retryReason }),
    });
    if (isEvent) await acknowledge();
  }

  return {
    init(created) {
      app = created;
    },
    start: () => line.open((incoming) => inFlight.track(take(incoming))),
    async stop() {
      line.pause();
      await inFlight.drained(drainMs);
      await line[Symbol.asyncDispose]();
    },
  };
}
