import { createHmac } from 'node:crypto';
import { SocketModeReceiver } from '@slack/bolt';
import { describe, expect, test } from 'vitest';
import type { SlackEmulator } from '../../../emulators/slack/slack.ts';
import { artoo, council, general, leia, yoda } from '../../../emulators/slack/world.ts';
import { quietLogger } from '../../../src/bots/slack/client.ts';
import { createLog } from '../../../src/log.ts';
import { client, credentials, requestUrl, workspace } from './workspace.ts';

const soon = { timeout: 3000, interval: 5 };

interface Envelope {
  readonly type: string;
  readonly body: { readonly event_id: string; readonly event: Readonly<Record<string, unknown>> };
  readonly retry_num: number;
  readonly retry_reason: string;
  readonly ack: (response?: unknown) => Promise<void>;
}

/** Slack's own Socket Mode client, which acknowledges what it is told to. */
async function socket(slack: SlackEmulator, acknowledges = () => true) {
  const { client } = new SocketModeReceiver({
    appToken: credentials.appToken,
    autoReconnectEnabled: false,
    logger: quietLogger(createLog('silent')),
    installerOptions: { clientOptions: { slackApiUrl: slack.apiUrl, retryConfig: { retries: 0 } } },
  });
  const envelopes: Envelope[] = [];
  client.on('slack_event', async (envelope: Envelope) => {
    envelopes.push(envelope);
    if (acknowledges()) await envelope.ack();
  });
  await client.start();
  return { client, envelopes, [Symbol.asyncDispose]: () => client.disconnect().then(() => {}) };
}

describe('what becomes an event', () => {
  test('a mention is told twice, under two event ids', async () => {
    await using slack = await workspace();
    await using app = await socket(slack);
    await slack.say(leia.id, general.id, '@Yoda If 1 < 2 & #jedi-council, see https://example.com');
    await expect.poll(() => app.envelopes.length, soon).toBe(2);
    const [message, mention] = app.envelopes.map(({ body }) => body);
    expect(message?.event).toMatchObject({
      type: 'message',
      channel_type: 'channel',
      channel: general.id,
      user: leia.id,
      text: `<@${yoda.user}> If 1 &lt; 2 &amp; <#${council.id}|jedi-council>, see <https://example.com>`,
    });
    expect(mention?.event).toMatchObject({ type: 'app_mention', ts: message?.event.ts });
    expect(mention?.event_id).not.toBe(message?.event_id);
  });

  test('direct messages, replies, edits, deletions, other bots and own words are told as what they are', async () => {
    await using slack = await workspace();
    await using app = await socket(slack);
    const root = await slack.say(leia.id, leia.direct, '@Yoda hi');
    await slack.say(leia.id, leia.direct, 'more', { thread: root?.ts });
    slack.edit(leia.id, leia.direct, root?.ts ?? '', 'hi there');
    slack.remove(leia.id, leia.direct, root?.ts ?? '');
    await slack.say(artoo.user, general.id, 'beep');
    await client(slack).chat.postMessage({ channel: general.id, text: 'Hmm.' });
    await expect.poll(() => app.envelopes.length, soon).toBe(6);
    expect(app.envelopes.map(({ body }) => body.event)).toMatchObject([
      { type: 'message', channel_type: 'im' },
      { type: 'message', thread_ts: root?.ts },
      { subtype: 'message_changed', message: { text: 'hi there', edited: { user: leia.id } } },
      { subtype: 'message_deleted', deleted_ts: root?.ts },
      { type: 'message', bot_id: artoo.bot },
      { type: 'message', bot_id: yoda.bot, user: yoda.user },
    ]);
  });

  test('what is said where Yoda is no member is not told', async () => {
    await using slack = await workspace();
    await using app = await socket(slack);
    slack.addChannel({ id: 'C0HANGAR01', name: 'hangar', kind: 'channel', members: [leia.id] });
    await slack.say(leia.id, 'C0HANGAR01', '@Yoda hi');
    await slack.say(leia.id, general.id, 'marker');
    await expect.poll(() => app.envelopes.length, soon).toBe(1);
  });
});

describe('Socket Mode', () => {
  test('an event without a receipt comes again, three times, with number and reason', async () => {
    await using slack = await workspace({ ackTimeoutMs: 30 });
    await using app = await socket(slack, () => false);
    await slack.say(leia.id, general.id, 'Hello?');
    await expect.poll(() => app.envelopes.length, soon).toBe(4);
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(app.envelopes.map(({ retry_num, retry_reason }) => [retry_num, retry_reason])).toEqual([
      [0, ''],
      [1, 'timeout'],
      [2, 'timeout'],
      [3, 'timeout'],
    ]);
    expect(new Set(app.envelopes.map(({ body }) => body.event_id)).size).toBe(1);
    expect(slack.deliveries()).toMatchObject([{ attempts: 4, acknowledged: false }]);
  });

  test('an event for which no socket was open goes out when one opens', async () => {
    await using slack = await workspace({ retryDelaysMs: [0, 60_000, 300_000] });
    await slack.say(leia.id, general.id, 'Anybody there?');
    await expect.poll(() => slack.deliveries()[0]?.attempts, soon).toBe(1);
    await using app = await socket(slack);
    await expect.poll(() => app.envelopes.length, soon).toBe(1);
    await expect.poll(() => slack.deliveries()[0]?.acknowledged, soon).toBe(true);
  });

  test('after a refresh the old socket gets nothing more', async () => {
    await using slack = await workspace();
    await using old = await socket(slack);
    const goodbye = new Promise((resolve) => old.client.once('disconnected', resolve));
    slack.refresh();
    expect(slack.sockets()).toBe(0);
    await using fresh = await socket(slack);
    await slack.say(leia.id, general.id, 'Hi.');
    await expect.poll(() => fresh.envelopes.length, soon).toBe(1);
    await goodbye;
    expect(old.envelopes).toEqual([]);
  });

  test('an address opens one socket only', async () => {
    await using slack = await workspace();
    const { url = '' } = await client(slack, credentials.appToken).apps.connections.open();
    const open = () =>
      new Promise<string>((resolve) => {
        const ws = new WebSocket(url);
        ws.onmessage = ({ data }) => resolve(JSON.parse(String(data)).type);
        ws.onerror = () => resolve('refused');
      });
    expect(await open()).toBe('hello');
    expect(await open()).toBe('refused');
  });

  test('a revoked app token opens nothing', async () => {
    await using slack = await workspace();
    slack.revoke('app');
    await expect(socket(slack)).rejects.toMatchObject({ data: { error: 'invalid_auth' } });
  });
});

describe('signed HTTP', () => {
  test('a request carries a signature that proves it', async () => {
    await using app = await requestUrl();
    await using slack = await workspace({ eventsUrl: app.url });
    await slack.say(leia.id, general.id, 'Hi.');
    await expect.poll(() => slack.deliveries()[0]?.acknowledged, soon).toBe(true);
    const [request] = app.received;
    const timestamp = String(request?.headers['x-slack-request-timestamp']);
    const proof = createHmac('sha256', credentials.signingSecret)
      .update(`v0:${timestamp}:${request?.body}`)
      .digest('hex');
    expect(request?.headers).toMatchObject({ 'x-slack-signature': `v0=${proof}`, 'content-type': 'application/json' });
    expect(Math.abs(Number(timestamp) - Date.now() / 1000)).toBeLessThan(5);
  });

  test('an error has it sent again with the reason, unless the app asks for no retry', async () => {
    await using app = await requestUrl();
    await using slack = await workspace({ eventsUrl: app.url });
    app.answer = { status: 500, body: '' };
    await slack.say(leia.id, general.id, 'Hi.');
    await expect.poll(() => app.received.length, soon).toBe(4);
    expect(app.received.map(({ headers }) => headers['x-slack-retry-num'])).toEqual([undefined, '1', '2', '3']);
    expect(app.received[1]?.headers['x-slack-retry-reason']).toBe('http_error');
    app.answer = { status: 500, body: '', headers: { 'x-slack-no-retry': '1' } };
    await slack.say(leia.id, general.id, 'Again.');
    await expect.poll(() => app.received.length, soon).toBe(5);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(app.received).toHaveLength(5);
  });
});
