import { SocketModeReceiver } from '@slack/bolt';
import { z } from 'zod';
import { TransientError, UserError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { clientOptions, isLost, quietLogger, SlackRefusal, translated } from './client.ts';
import type { Incoming, Line } from './receiver.ts';

type SocketClient = SocketModeReceiver['client'];

const openTimeoutMs = 15_000;
const closeTimeoutMs = 1000;
const longestBackoffMs = 30_000;

const envelopeSchema = z.object({
  ack: z.custom<(response?: unknown) => Promise<void>>((value) => typeof value === 'function'),
  body: z.record(z.string(), z.unknown()),
  retry_num: z.number().optional(),
  retry_reason: z.string().optional(),
});

/**
 * Socket Mode. The library's own way to come back waits 5 s, and a token that was revoked meanwhile ends the process
 * with an unhandled rejection; so it is told not to come back, and this does: at once, then with growing waits.
 */
export function socketLine(settings: { readonly appToken: string; readonly apiUrl: string }, log: Log): Line {
  // Bolt's receiver is only the way to the client in it; without an app it does nothing of its own.
  const { client } = new SocketModeReceiver({
    appToken: settings.appToken,
    autoReconnectEnabled: false,
    installerOptions: { clientOptions: clientOptions({ apiUrl: settings.apiUrl, timeoutMs: 10_000 }) },
    logger: quietLogger(log),
  });
  const lost = Promise.withResolvers<string>();
  const stopped = new AbortController();
  let paused = false;

  function onEnvelope(take: (incoming: Incoming) => Promise<void>, raw: unknown): void {
    const envelope = envelopeSchema.safeParse(raw);
    // Not acknowledged, so that Slack gives it to another process or to the next start.
    if (paused || !envelope.success) return;
    const { ack, body, retry_num: retryNum, retry_reason: retryReason } = envelope.data;
    take({ body, retryNum, retryReason, acknowledge: (response) => ack(response) }).catch((error: unknown) => {
      log.warn({ err: error }, 'A request from Slack failed and was not acknowledged');
    });
  }

  /** Comes back whenever the connection goes, until stopped or refused for good. */
  async function keepOpen(first: Connection): Promise<void> {
    let failures = 0;
    let { closed } = first;
    while (!stopped.signal.aborted) {
      await closed;
      if (stopped.signal.aborted) return;
      await pause(backoffMs(failures), stopped.signal);
      if (stopped.signal.aborted) return;
      try {
        ({ closed } = await connect(client));
        failures = 0;
        log.info('Slack: connected again');
      } catch (error) {
        if (isLost(error)) return lost.resolve(`Slack no longer takes SLACK_APP_TOKEN (${error.code})`);
        failures++;
        closed = Promise.resolve();
        log.warn({ err: error, failures }, 'Slack: could not connect, trying again');
      }
    }
  }

  return {
    lost: lost.promise,
    async open(take) {
      client.on('slack_event', (raw: unknown) => onEnvelope(take, raw));
      const first = await connect(client).catch((error: unknown) => {
        throw error instanceof SlackRefusal ? refusedAppToken(error.code, error) : error;
      });
      void keepOpen(first);
    },
    pause() {
      paused = true;
    },
    async [Symbol.asyncDispose]() {
      paused = true;
      stopped.abort();
      await Promise.race([client.disconnect(), pause(closeTimeoutMs, AbortSignal.timeout(closeTimeoutMs))]);
    },
  };
}

function refusedAppToken(code: string, cause: unknown): UserError {
  return new UserError(
    `Slack refuses SLACK_APP_TOKEN (${code}). Make an app-level token with the scope connections:write at https://api.slack.com/apps -> your app -> Basic Information -> App-Level Tokens.`,
    { cause },
  );
}

interface Connection {
  /** Resolves when the connection is gone. */
  readonly closed: Promise<void>;
}

/** Connects once; resolves after Slack's hello. */
async function connect(client: SocketClient): Promise<Connection> {
  const closed = Promise.withResolvers<void>();
  const onClosed = () => closed.resolve();
  client.once('disconnected', onClosed);
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new TransientError('Slack did not say hello in time')), openTimeoutMs);
  try {
    await Promise.race([client.start(), late.promise]);
    return { closed: closed.promise };
  } catch (error) {
    client.off('disconnected', onClosed);
    if (error instanceof TransientError) await client.disconnect();
    throw error instanceof TransientError ? error : translated('apps.connections.open', error);
  } finally {
    clearTimeout(timer);
  }
}

/** The first try is immediate: Slack asks every connection to come again now and then. */
const backoffMs = (failures: number): number =>
  failures === 0 ? 0 : Math.min(longestBackoffMs, 500 * 2 ** failures) * (0.5 + Math.random() / 2);

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (ms === 0 || signal.aborted) return resolve();
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done);
  });
}
