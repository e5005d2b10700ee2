import { createHmac } from 'node:crypto';
import { stringify } from 'node:querystring';
import { z } from 'zod';
import type { Envelope, Receipt, Transport } from './outbox.ts';

/** The headers of a request from Slack (docs.slack.dev/authentication/verifying-requests-from-slack). */
function signed(body: string, signingSecret: string, nowMs = Date.now()): Record<string, string> {
  const timestamp = String(Math.floor(nowMs / 1000));
  const signature = createHmac('sha256', signingSecret).update(`v0:${timestamp}:${body}`).digest('hex');
  return { 'x-slack-request-timestamp': timestamp, 'x-slack-signature': `v0=${signature}` };
}

/** Events as JSON, slash commands as a form, clicks as a form with the JSON in `payload`. */
function encode({ type, payload }: Envelope): { body: string; contentType: string } {
  if (type === 'events_api') return { body: JSON.stringify(payload), contentType: 'application/json' };
  const fields =
    type === 'interactive' ? { payload: JSON.stringify(payload) } : z.record(z.string(), z.string()).parse(payload);
  return { body: stringify(fields), contentType: 'application/x-www-form-urlencoded' };
}

/** Brings envelopes to the app's request URL over HTTP. */
export function signedRequests(url: string, signingSecret: string): Transport {
  const open = new Set<AbortController>();
  return {
    async send(envelope, timeoutMs) {
      const { body, contentType } = encode(envelope);
      const controller = new AbortController();
      open.add(controller);
      const timer = setTimeout(() => controller.abort(), timeoutMs);
      const { retry } = envelope;
      try {
        const response = await fetch(url, {
          method: 'POST',
          redirect: 'manual',
          signal: controller.signal,
          body,
          headers: {
            'content-type': contentType,
            'user-agent': 'Slackbot 1.0 (+https://api.slack.com/robots)',
            ...signed(body, signingSecret),
            ...(retry && { 'x-slack-retry-num': String(retry.num), 'x-slack-retry-reason': retry.reason }),
          },
        });
        return receiptOf(response, await response.text());
      } catch {
        return controller.signal.aborted
          ? { kind: 'failed', reason: 'http_timeout' }
          : { kind: 'failed', reason: 'connection_failed' };
      } finally {
        clearTimeout(timer);
        open.delete(controller);
      }
    },
    reachable: () => Promise.withResolvers<void>().promise,
    async [Symbol.asyncDispose]() {
      for (const controller of open) controller.abort();
    },
  };
}

function receiptOf(response: Response, text: string): Receipt {
  if (!response.ok) {
    const noRetry = response.headers.get('x-slack-no-retry') === '1';
    return { kind: 'failed', reason: 'http_error', noRetry };
  }
  if (text === '') return { kind: 'acknowledged', response: undefined };
  try {
    return { kind: 'acknowledged', response: JSON.parse(text) };
  } catch {
    return { kind: 'acknowledged', response: { text } };
  }
}
