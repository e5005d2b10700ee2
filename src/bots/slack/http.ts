import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { HTTPModuleFunctions } from '@slack/bolt';
import { z } from 'zod';
import { UserError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { Incoming, Line } from './receiver.ts';

const eventsPath = '/slack/events';

/** Slack refuses timestamps older than this; Bolt forgets those that are as far in the future. */
const clockSkewSeconds = 5 * 60;
/** Slack's events are a few kilobytes; a message holds 40,000 characters at most. */
const bodyLimitBytes = 1_000_000;

const bodySchema = z.record(z.string(), z.unknown());

/** Signed requests at `/slack/events`: 200 is the acknowledgement, 500 has Slack send an event again. */
export function httpLine(
  settings: { readonly signingSecret: string; readonly port: number; readonly host?: string | undefined },
  log: Log,
): Line {
  let take: ((incoming: Incoming) => Promise<void>) | undefined;
  const server = createServer((request, response) => void answer(request, response));

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url?.split('?')[0];
    if (path !== eventsPath || request.method !== 'POST') return end(response, 404);
    // Slack sends it again, by then to another process or to the next start.
    if (take === undefined) return end(response, 503);
    const body = await readVerified(request, settings.signingSecret);
    if (typeof body === 'number') return end(response, body);
    if (body.ssl_check === '1') return end(response, 200);
    if (body.type === 'url_verification') return end(response, 200, { challenge: body.challenge });
    const [retryNum, retryReason] = [request.headers['x-slack-retry-num'], request.headers['x-slack-retry-reason']];
    try {
      await take({
        body,
        retryNum: retryNum === undefined ? undefined : Number(retryNum),
        retryReason: typeof retryReason === 'string' ? retryReason : undefined,
        acknowledge: async (words) => end(response, 200, words),
      });
      end(response, 200);
    } catch (error) {
      log.warn({ err: error }, 'A request from Slack failed and was not acknowledged');
      end(response, 500);
    }
  }

  return {
    lost: Promise.withResolvers<string>().promise,
    async open(taking) {
      take = taking;
      await new Promise<void>((resolve, reject) => {
        server.once('error', (cause: NodeJS.ErrnoException) =>
          reject(cause.code === 'EADDRINUSE' ? portTaken(settings.port, cause) : cause),
        );
        server.listen(settings.port, settings.host, resolve);
      });
    },
    pause() {
      take = undefined;
    },
    async [Symbol.asyncDispose]() {
      take = undefined;
      if (!server.listening) return;
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      setTimeout(() => server.closeAllConnections(), 500).unref();
      await closed;
    },
  };
}

function portTaken(port: number, cause: unknown): UserError {
  return new UserError(`Port ${port}, where Slack's requests should arrive, is taken. Set PORT to a free one.`, {
    cause,
  });
}

/** The request's body once its signature is proven; else the status that says why not. */
async function readVerified(
  request: IncomingMessage,
  signingSecret: string,
): Promise<Record<string, unknown> | number> {
  const saidAtSeconds = Number(request.headers['x-slack-request-timestamp']);
  if (saidAtSeconds > Date.now() / 1000 + clockSkewSeconds) return 401;
  // Bolt compares the whole header, and a proxy may have added "; charset=utf-8".
  const [type = ''] = (request.headers['content-type'] ?? '').split(';');
  request.headers['content-type'] = type.trim();
  try {
    const options = { signingSecret, bodyLimit: bodyLimitBytes };
    const verified = await HTTPModuleFunctions.parseAndVerifyHTTPRequest(options, request);
    const body = bodySchema.safeParse(parsed(() => HTTPModuleFunctions.parseHTTPRequestBody(verified)));
    return body.success ? body.data : 400;
  } catch (error) {
    return HTTPModuleFunctions.isRawBodyError(error) && error.type === 'entity.too.large' ? 413 : 401;
  }
}

function parsed(parse: () => unknown): unknown {
  try {
    return parse();
  } catch {
    return undefined;
  }
}

/** Answers once; what comes later than the first answer is nothing that Slack would read. */
function end(response: ServerResponse, status: number, words?: unknown): void {
  if (response.writableEnded) return;
  if (words === undefined || words === '') return void response.writeHead(status).end();
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(words));
}
