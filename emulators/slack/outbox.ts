import type { Values } from './methods/method.ts';

/** What goes to the app: an event, a slash command or a click. */
export interface Envelope {
  readonly type: 'events_api' | 'slash_commands' | 'interactive';
  readonly payload: Values;
  readonly retry?: { readonly num: number; readonly reason: string };
}

/** How the app took it. `unreachable`: nobody was there; `failed`: it answered wrongly or too late. */
export type Receipt =
  | { readonly kind: 'acknowledged'; readonly response: unknown }
  | { readonly kind: 'failed' | 'unreachable'; readonly reason: string; readonly noRetry?: boolean };

/** Brings one envelope to the app and waits for its receipt, at most `timeoutMs`. Never rejects. */
export interface Transport extends AsyncDisposable {
  send(envelope: Envelope, timeoutMs: number): Promise<Receipt>;
  /** Resolves when the app can be reached; at once where that cannot be known. */
  reachable(): Promise<void>;
}

export interface Delivery {
  readonly eventId: string;
  readonly payload: Values;
  attempts: number;
  acknowledged: boolean;
}

export interface Outbox extends AsyncDisposable {
  /** Delivers an event and, while it is not acknowledged, delivers it again. */
  event(payload: Values & { readonly event_id: string }): void;
  /** Delivers what a person waits for: once, and the receipt is shown to them. */
  once(envelope: Envelope): Promise<Receipt>;
  /** The latest events, oldest first. */
  readonly deliveries: readonly Delivery[];
}

/** Deliveries kept for those who ask. */
const mostKept = 5000;

/**
 * Slack's rules for events: 3 s to acknowledge, then three more tries, at once, after a minute and after five
 * (docs.slack.dev/apis/events-api, "Retries"). An event for which no socket was open goes out when one is.
 */
export function createOutbox(
  transport: Transport,
  options: { readonly ackTimeoutMs: number; readonly retryDelaysMs: readonly number[] },
): Outbox {
  const deliveries: Delivery[] = [];
  const stopped = new AbortController();

  async function deliver(delivery: Delivery): Promise<void> {
    let retry: Envelope['retry'];
    for (;;) {
      delivery.attempts++;
      const envelope: Envelope = { type: 'events_api', payload: delivery.payload, ...(retry && { retry }) };
      const receipt = await transport.send(envelope, options.ackTimeoutMs);
      if (receipt.kind === 'acknowledged') {
        delivery.acknowledged = true;
        return;
      }
      const num = (retry?.num ?? 0) + 1;
      const delayMs = options.retryDelaysMs[num - 1];
      if (delayMs === undefined || receipt.noRetry || stopped.signal.aborted) return;
      retry = { num, reason: receipt.reason };
      if (receipt.kind === 'unreachable') await Promise.race([transport.reachable(), pause(delayMs, stopped.signal)]);
      else await pause(delayMs, stopped.signal);
      if (stopped.signal.aborted) return;
    }
  }

  return {
    deliveries,
    event(payload) {
      const delivery = { eventId: payload.event_id, payload, attempts: 0, acknowledged: false };
      deliveries.push(delivery);
      if (deliveries.length > mostKept) deliveries.shift();
      void deliver(delivery);
    },
    once: (envelope) => transport.send(envelope, options.ackTimeoutMs),
    async [Symbol.asyncDispose]() {
      stopped.abort();
      await transport[Symbol.asyncDispose]();
    },
  };
}

/** Waits, or until the signal is given. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done);
  });
}
