import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { general, leia } from '../../../emulators/slack/world.ts';
import { createSlackBot } from '../../../src/bots/slack/slack.ts';
import { createLog } from '../../../src/log.ts';
import { recordingHearing } from '../../contract/bot.ts';
import { credentials } from '../../emulators/slack/workspace.ts';
import { listening } from './bot-under-test.ts';

const event = JSON.stringify({
  type: 'event_callback',
  team_id: 'T0DAGOBAH1',
  event: {
    type: 'message',
    channel: leia.direct,
    channel_type: 'im',
    user: leia.id,
    text: 'Hi.',
    ts: '1700000000.000001',
  },
});

interface Forgery {
  readonly body?: string;
  readonly secret?: string;
  readonly ageSeconds?: number;
  readonly type?: string;
  readonly path?: string;
}

/** A request that pretends to come from Slack. */
async function send(port: number, { body = event, secret, ageSeconds = 0, type, path = '/slack/events' }: Forgery) {
  const timestamp = String(Math.floor(Date.now() / 1000) - ageSeconds);
  const key = secret ?? credentials.signingSecret;
  const signature = createHmac('sha256', key).update(`v0:${timestamp}:${body}`).digest('hex');
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    body,
    headers: {
      'content-type': type ?? 'application/json',
      'x-slack-request-timestamp': timestamp,
      'x-slack-signature': `v0=${signature}`,
    },
  });
  return { status: response.status, body: await response.text() };
}

test.each<[string, Forgery, number]>([
  ['a good request', {}, 200],
  ['another secret', { secret: 'another-fake-signing-secret' }, 401],
  ['a request from six minutes ago', { ageSeconds: 360 }, 401],
  ['a request from six minutes ahead', { ageSeconds: -360 }, 401],
  ['a body that is no JSON', { body: '{' }, 400],
  ['a body of two megabytes', { body: `"${'a'.repeat(2_000_000)}"` }, 413],
  ['another path', { path: '/' }, 404],
])('over HTTP, %s is answered as Slack expects', async (_, forgery, status) => {
  await using it = await listening('http');
  expect((await send(it.settings.port, forgery)).status).toBe(status);
  expect(it.hearing.heard).toHaveLength(status === 200 ? 1 : 0);
});

test('over HTTP, the challenge is echoed and a charset in the header does no harm', async () => {
  await using it = await listening('http');
  const challenge = await send(it.settings.port, {
    body: JSON.stringify({ type: 'url_verification', challenge: 'c1' }),
  });
  expect(challenge).toEqual({ status: 200, body: '{"challenge":"c1"}' });
  const form = new URLSearchParams({
    command: '/yoda',
    text: 'help',
    team_id: 'T0DAGOBAH1',
    channel_id: general.id,
    user_id: leia.id,
    trigger_id: '1.2.3',
    response_url: 'http://127.0.0.1:1/',
  }).toString();
  const help = await send(it.settings.port, { body: form, type: 'application/x-www-form-urlencoded; charset=utf-8' });
  expect(help.status).toBe(200);
  expect(help.body).toContain('Yoda I am.');
});

test('over HTTP, a port that is taken is said so', async () => {
  await using it = await listening('http');
  const second = createSlackBot(it.settings, { log: createLog('silent') }).listen(recordingHearing());
  await expect(second).rejects.toThrow(`Port ${it.settings.port}`);
});
