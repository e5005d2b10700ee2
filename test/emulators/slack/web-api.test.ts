import type { webApi } from '@slack/bolt';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SlackEmulator } from '../../../emulators/slack/slack.ts';
import { general, leia, luke, yoda } from '../../../emulators/slack/world.ts';
import { client, credentials, manifest, workspace } from './workspace.ts';

let slack: SlackEmulator;

beforeEach(async () => {
  slack = await workspace();
});

afterEach(async () => {
  await slack[Symbol.asyncDispose]();
});

const refused = (error: string, more = {}) => ({ data: { ok: false, error, ...more } });

describe('tokens and scopes', () => {
  test('a good token is told who it is', async () => {
    await expect(client(slack).auth.test()).resolves.toMatchObject({ user_id: yoda.user, bot_id: yoda.bot });
  });

  test.each([
    ['an unknown token', 'xoxb-0-unknown', 'invalid_auth'],
    ["the app's token", credentials.appToken, 'not_allowed_token_type'],
    ['no token', '', 'not_authed'],
  ])('%s is refused', async (_, token, error) => {
    await expect(client(slack, token).auth.test()).rejects.toMatchObject(refused(error));
  });

  test('a revoked token says so', async () => {
    slack.revoke('bot');
    await expect(client(slack).auth.test()).rejects.toMatchObject(refused('token_revoked'));
  });

  test('a scope that the manifest lacks is named', async () => {
    await using poor = await workspace({ manifest: manifest.replace(/- chat:write .*/, '- files:read') });
    await expect(client(poor).chat.postMessage({ channel: general.id, text: 'Hi.' })).rejects.toMatchObject(
      refused('missing_scope', { needed: 'chat:write', provided: expect.stringContaining('im:history') }),
    );
  });

  test('the scope for reading goes by the kind of conversation', async () => {
    await using poor = await workspace({
      manifest: manifest.replace(/- groups:history .*/, '- files:read').replace('- message.groups', ''),
    });
    poor.addChannel({ id: 'C0SECRET01', name: 'secret', kind: 'group', members: [leia.id, yoda.user] });
    await expect(client(poor).conversations.history({ channel: general.id })).resolves.toMatchObject({ ok: true });
    await expect(client(poor).conversations.history({ channel: 'C0SECRET01' })).rejects.toMatchObject(
      refused('missing_scope', { needed: 'groups:history' }),
    );
  });

  test('a method that does not exist is unknown', async () => {
    await expect(client(slack).apiCall('chat.postMassage')).rejects.toMatchObject(refused('unknown_method'));
  });
});

describe('posting', () => {
  const post = (more: object) => client(slack).apiCall('chat.postMessage', { channel: general.id, ...more });
  const markdown = (text: string) => ({ type: 'markdown', text });

  test('a JSON body is taken like a form', async () => {
    const response = await fetch(`${slack.apiUrl}chat.postMessage`, {
      method: 'POST',
      headers: { authorization: `Bearer ${credentials.botToken}`, 'content-type': 'application/json; charset=utf-8' },
      body: JSON.stringify({ channel: general.id, text: 'Hi.', blocks: [markdown('Hi.')] }),
    });
    expect(await response.json()).toMatchObject({ ok: true, channel: general.id, message: { text: 'Hi.' } });
  });

  test.each([
    ['nothing to say', {}, 'no_text'],
    ['an unknown channel', { channel: 'C0NOWHERE1', text: 'Hi.' }, 'channel_not_found'],
    ['a thread that is none', { text: 'Hi.', thread_ts: '12' }, 'invalid_thread_ts'],
    ['blocks that are no list', { blocks: 'hello' }, 'invalid_blocks_format'],
    ['an unknown block', { blocks: [{ type: 'poem' }] }, 'invalid_blocks'],
    ['too much in one markdown block', { blocks: [markdown('a'.repeat(12_001))] }, 'invalid_blocks'],
    ['too much in two', { blocks: [markdown('a'.repeat(6001)), markdown('b'.repeat(6000))] }, 'invalid_blocks'],
    ['too many blocks', { blocks: Array.from({ length: 51 }, () => ({ type: 'divider' })) }, 'invalid_blocks'],
    [
      'too much in all blocks',
      {
        blocks: Array.from({ length: 5 }, () => ({
          type: 'section',
          text: { type: 'mrkdwn', text: 'a'.repeat(3000) },
        })),
      },
      'msg_blocks_too_long',
    ],
    ['Markdown beside blocks', { markdown_text: 'Hi.', blocks: [markdown('Hi.')] }, 'markdown_text_conflict'],
    ['metadata without a type', { text: 'Hi.', metadata: { event_payload: {} } }, 'invalid_metadata_format'],
  ])('%s is refused', async (_, message, error) => {
    await expect(post(message)).rejects.toMatchObject(refused(error));
    expect(slack.transcript()).toEqual([]);
  });

  test('exactly as much as a markdown block takes is taken', async () => {
    await expect(post({ text: 'Hi.', blocks: [markdown('a'.repeat(12_000))] })).resolves.toMatchObject({ ok: true });
  });

  test('a very long text is cut, with a warning', async () => {
    const answer = await post({ text: 'a'.repeat(40_001) });
    expect(answer).toMatchObject({ warning: 'message_truncated', message: { text: 'a'.repeat(40_000) } });
  });

  test('Yoda cannot post where he is no member, nor see a private channel from outside', async () => {
    slack.addChannel({ id: 'C0HANGAR01', name: 'hangar', kind: 'channel', members: [luke.id] });
    slack.addChannel({ id: 'C0SECRET01', name: 'secret', kind: 'group', members: [luke.id] });
    await expect(post({ channel: 'C0HANGAR01', text: 'Hi.' })).rejects.toMatchObject(refused('not_in_channel'));
    await expect(post({ channel: 'C0SECRET01', text: 'Hi.' })).rejects.toMatchObject(refused('channel_not_found'));
  });

  test("a person's id as channel is the direct messages with that person", async () => {
    await expect(post({ channel: luke.id, text: 'Hi.' })).resolves.toMatchObject({ channel: luke.direct });
  });

  test('an ephemeral message is seen by one person', async () => {
    await client(slack).chat.postEphemeral({ channel: general.id, user: luke.id, text: 'Psst.' });
    const seen = (person: string) => slack.scene.view(person).messages.map(({ text, ephemeral }) => [text, ephemeral]);
    expect(seen(luke.id)).toEqual([['Psst.', true]]);
    expect(seen(leia.id)).toEqual([]);
  });

  test('only own messages can be changed and deleted', async () => {
    const theirs = await slack.say(leia.id, general.id, 'Mine.');
    const ours = await client(slack).chat.postMessage({ channel: general.id, text: 'Ours.' });
    const [channel, ts] = [general.id, ours.ts ?? ''];
    await expect(client(slack).chat.update({ channel, ts: theirs?.ts ?? '', text: 'No.' })).rejects.toMatchObject(
      refused('cant_update_message'),
    );
    await expect(client(slack).chat.update({ channel, ts, text: 'a'.repeat(4001) })).rejects.toMatchObject(
      refused('msg_too_long'),
    );
    await client(slack).chat.update({ channel, ts, text: 'Changed.' });
    expect(slack.transcript().map(({ shown }) => shown)).toEqual(['Mine.', 'Changed.']);
    await client(slack).chat.delete({ channel, ts });
    await expect(client(slack).chat.delete({ channel, ts })).rejects.toMatchObject(refused('message_not_found'));
  });

  test('whom a message notifies is read from all its text', async () => {
    await post({ text: 'x', blocks: [markdown(`<!channel> <@${luke.id}> <@${leia.id}|leia> &lt;!here&gt;`)] });
    expect(slack.transcript()[0]?.pinged).toEqual(['!channel', `@${luke.id}`, `@${leia.id}`]);
  });
});

describe('reading', () => {
  test('metadata is shown only to those who ask', async () => {
    const metadata = { event_type: 'answer', event_payload: { key: 'k1' } };
    const { ts = '' } = await client(slack).chat.postMessage({ channel: general.id, text: 'Hi.', metadata });
    const read = async (include: boolean) => {
      const channel = { channel: general.id, include_all_metadata: include };
      const { messages = [] } = await client(slack).conversations.history(channel);
      const { messages: inThread = [] } = await client(slack).conversations.replies({ ...channel, ts });
      return [messages[0]?.metadata, inThread[0]?.metadata];
    };
    expect(await read(false)).toEqual([undefined, undefined]);
    expect(await read(true)).toEqual([metadata, metadata]);
  });

  test('history comes newest first, in pages, without replies', async () => {
    const web = client(slack);
    const first = await web.chat.postMessage({ channel: general.id, text: 'one' });
    await web.chat.postMessage({ channel: general.id, text: 'reply', thread_ts: first.ts ?? '' });
    await web.chat.postMessage({ channel: general.id, text: 'two' });
    await web.chat.postMessage({ channel: general.id, text: 'three' });
    const texts: (string | undefined)[] = [];
    let cursor: string | undefined = '';
    while (cursor !== undefined) {
      const page: webApi.ConversationsHistoryResponse = await web.conversations.history({
        channel: general.id,
        limit: 2,
        cursor,
      });
      texts.push(...(page.messages ?? []).map(({ text }) => text));
      cursor = page.response_metadata?.next_cursor;
    }
    expect(texts).toEqual(['three', 'two', 'one']);
    const { messages = [] } = await web.conversations.history({ channel: general.id, oldest: first.ts ?? '' });
    expect(messages.map(({ text }) => text)).toEqual(['three', 'two']);
  });

  test('a thread begins with its first message', async () => {
    const web = client(slack);
    const root = await slack.say(leia.id, general.id, 'root');
    await web.chat.postMessage({ channel: general.id, text: 'reply', thread_ts: root?.ts ?? '' });
    const { messages = [] } = await web.conversations.replies({ channel: general.id, ts: root?.ts ?? '' });
    expect(messages.map(({ text }) => text)).toEqual(['root', 'reply']);
    await expect(web.conversations.replies({ channel: general.id, ts: '1.000000' })).rejects.toMatchObject(
      refused('thread_not_found'),
    );
  });

  test('people are known by name', async () => {
    await expect(client(slack).users.info({ user: leia.id })).resolves.toMatchObject({
      user: { name: 'leia', is_admin: true, profile: { real_name: 'Leia' } },
    });
    await expect(client(slack).users.info({ user: 'U0NOBODY01' })).rejects.toMatchObject(refused('user_not_found'));
  });
});

describe('status', () => {
  test('it goes with the reply in its thread, not with another', async () => {
    const web = client(slack);
    const root = await slack.say(leia.id, leia.direct, 'Hi.');
    const other = await slack.say(leia.id, leia.direct, 'Hello.');
    const thread = { channel_id: leia.direct, thread_ts: root?.ts ?? '' };
    await web.assistant.threads.setStatus({ ...thread, status: 'is thinking…' });
    await web.chat.postMessage({ channel: leia.direct, text: 'Elsewhere.', thread_ts: other?.ts ?? '' });
    expect(slack.scene.view(leia.id).signs).toEqual([
      { channel: leia.direct, thread: root?.ts, text: 'Yoda is thinking…' },
    ]);
    expect(slack.scene.view(luke.id).signs).toEqual([]);
    await web.chat.postMessage({ channel: leia.direct, text: 'Here.', thread_ts: root?.ts ?? '' });
    expect(slack.scene.view(leia.id).signs).toEqual([]);
  });

  test('it needs a message to stand under', async () => {
    const thread = { channel_id: general.id, thread_ts: '1700000000.000000', status: 'is thinking…' };
    await expect(client(slack).assistant.threads.setStatus(thread)).rejects.toMatchObject(refused('invalid_thread_ts'));
  });
});

describe('faults', () => {
  test('a call can be limited, and its wait is given', async () => {
    slack.faults.add({ path: 'users\\.info', status: 429, headers: { 'retry-after': '7' }, times: 1 });
    await expect(client(slack).users.info({ user: leia.id })).rejects.toMatchObject({ retryAfter: 7 });
    await expect(client(slack).users.info({ user: leia.id })).resolves.toMatchObject({ ok: true });
  });

  test('a message can be stored while its answer is lost', async () => {
    slack.faults.add({ path: 'chat\\.postMessage', drop: 'after', times: 1 });
    await expect(client(slack).chat.postMessage({ channel: general.id, text: 'Hi.' })).rejects.toThrow('request error');
    expect(slack.transcript()).toHaveLength(1);
  });
});
