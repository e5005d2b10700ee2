import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { webApi } from '@slack/bolt';
import { type SlackEmulator, type SlackOptions, startSlack } from '../../../emulators/slack/slack.ts';
import { quietLogger } from '../../../src/bots/slack/client.ts';
import { createLog } from '../../../src/log.ts';

export const credentials = {
  botToken: 'xoxb-0-fake-token-for-tests',
  appToken: 'xapp-0-fake-token-for-tests',
  signingSecret: 'fake-signing-secret-for-tests',
};

export const manifest = await readFile(new URL('../../../slack-manifest.yaml', import.meta.url), 'utf8');

export function workspace(options: Partial<SlackOptions> = {}): Promise<SlackEmulator> {
  return startSlack({ ...credentials, manifest, ackTimeoutMs: 200, retryDelaysMs: [10, 20, 30], ...options });
}

/** Slack's own client, which fails at once instead of trying again. */
export function client(slack: SlackEmulator, token = credentials.botToken): webApi.WebClient {
  return new webApi.WebClient(token, {
    slackApiUrl: slack.apiUrl,
    retryConfig: { retries: 0 },
    logger: quietLogger(createLog('silent')),
    rejectRateLimitedCalls: true,
  });
}

interface Received {
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface RequestUrl extends AsyncDisposable {
  readonly url: string;
  readonly received: Received[];
  /** The status and body of the next answers; 200 and nothing unless set. */
  answer: { readonly status: number; readonly body: string; readonly headers?: Record<string, string> };
}

/** An app's request URL that writes down what comes. */
export async function requestUrl(): Promise<RequestUrl> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk);
    received.push({ headers: request.headers, body: Buffer.concat(chunks).toString('utf8') });
    const { status, body, headers = {} } = app.answer;
    response.writeHead(status, headers).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const app: RequestUrl = {
    url: `http://127.0.0.1:${port}/slack/events`,
    received,
    answer: { status: 200, body: '' },
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
  return app;
}
