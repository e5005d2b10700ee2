import { Routes } from 'discord.js';
import { describe, expect, test } from 'vitest';
import { channels, generalId, leiaId, lukeId, people } from '../../../emulators/discord/world.ts';
import { startWithRest } from './world.ts';

const messages = Routes.channelMessages(generalId);

describe('messages', () => {
  test.each([
    ['a content over the limit', { content: 'x'.repeat(2001) }, 'content', 'BASE_TYPE_MAX_LENGTH'],
    ['a nonce over the limit', { content: 'x', nonce: 'x'.repeat(26) }, 'nonce', 'BASE_TYPE_MAX_LENGTH'],
    [
      'a reply to nothing',
      { content: 'x', message_reference: { message_id: '1180000000000000999' } },
      'message_reference',
      'REPLIES_UNKNOWN_MESSAGE',
    ],
    [
      'mentions allowed twice over',
      { content: 'x', allowed_mentions: { parse: ['users'], users: [leiaId] } },
      'allowed_mentions',
      'MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE',
    ],
  ])('%s is refused with the field and the reason', async (_, body, field, code) => {
    await using it = await startWithRest();
    await expect(it.rest.post(messages, { body })).rejects.toMatchObject({
      status: 400,
      code: 50035,
      rawError: { errors: { [field]: { _errors: [{ code }] } } },
    });
  });

  test.each(['', '   \n '])('%j is empty', async (content) => {
    await using it = await startWithRest();
    await expect(it.rest.post(messages, { body: { content } })).rejects.toMatchObject({ code: 50006 });
  });

  test('content loses the blanks around it', async () => {
    await using it = await startWithRest();
    await it.rest.post(messages, { body: { content: '\n  One.  \n' } });
    expect(it.discord.transcript()[0]?.message.content).toBe('One.');
  });

  test('an enforced nonce makes a message once, for as long as it is remembered', async () => {
    await using it = await startWithRest({ nonceMs: 60 });
    const body = { content: 'Once.', nonce: 'n1', enforce_nonce: true };
    const first = await it.rest.post(messages, { body });
    expect(await it.rest.post(messages, { body })).toEqual(first);
    await new Promise((resolve) => setTimeout(resolve, 90));
    await it.rest.post(messages, { body });
    expect(it.discord.transcript()).toHaveLength(2);
  });

  test('a nonce that is not enforced keeps nothing from being said twice', async () => {
    await using it = await startWithRest();
    const body = { content: 'Twice.', nonce: 'n1' };
    await it.rest.post(messages, { body });
    await it.rest.post(messages, { body });
    expect(it.discord.transcript()).toHaveLength(2);
  });

  test('history comes newest first, behind or before a message', async () => {
    await using it = await startWithRest();
    const ids = Array.from({ length: 5 }, (_, index) => it.discord.say(leiaId, generalId, `${index}`).message.id);
    const read = async (query: Record<string, string>) => {
      const list = await it.rest.get(messages, { query: new URLSearchParams(query) });
      return Array.isArray(list) ? list.map(({ content }) => content) : [];
    };
    expect(await read({})).toEqual(['4', '3', '2', '1', '0']);
    expect(await read({ after: ids[1] ?? '', limit: '2' })).toEqual(['3', '2']);
    expect(await read({ before: ids[3] ?? '', limit: '2' })).toEqual(['2', '1']);
  });

  test('only mentions that are allowed reach anybody', async () => {
    await using it = await startWithRest();
    const content = `@everyone <@${leiaId}> <@${lukeId}>`;
    await it.rest.post(messages, { body: { content } });
    await it.rest.post(messages, { body: { content, allowed_mentions: { parse: [], users: [lukeId] } } });
    await it.rest.post(messages, { body: { content, allowed_mentions: { parse: [] } } });
    const told = it.discord.transcript().map(({ message }) => [message.mention_everyone, message.mentions.length]);
    expect(told).toEqual([
      [true, 2],
      [false, 1],
      [false, 0],
    ]);
  });

  test('a message can be changed and removed by its author alone', async () => {
    await using it = await startWithRest();
    const { message } = it.discord.say(leiaId, generalId, 'Mine.');
    const theirs = Routes.channelMessage(generalId, message.id);
    await expect(it.rest.patch(theirs, { body: { content: 'x' } })).rejects.toMatchObject({ code: 50005 });
    await expect(it.rest.delete(theirs)).rejects.toMatchObject({ code: 50013 });
    await it.rest.post(messages, { body: { content: 'Own.' } });
    const own = Routes.channelMessage(generalId, it.discord.transcript()[1]?.message.id ?? '');
    await it.rest.patch(own, { body: { content: 'Changed.' } });
    expect(it.discord.transcript()[1]?.contents).toEqual(['Own.', 'Changed.']);
    await it.rest.delete(own);
    expect(it.discord.transcript()).toHaveLength(1);
  });

  test('a thread takes the id of its message and is made once', async () => {
    await using it = await startWithRest();
    const { message } = it.discord.say(leiaId, generalId, 'Root.');
    const body = { name: 'Lessons' };
    expect(await it.rest.post(Routes.threads(generalId, message.id), { body })).toMatchObject({
      id: message.id,
      parent_id: generalId,
      type: 11,
    });
    await expect(it.rest.post(Routes.threads(generalId, message.id), { body })).rejects.toMatchObject({ code: 160004 });
  });

  test('typing shows until the bot has spoken', async () => {
    await using it = await startWithRest();
    const signs = () => it.discord.scene.view(leiaId).signs.map(({ text }) => text);
    await it.rest.post(Routes.channelTyping(generalId));
    expect(signs()).toEqual(['Yoda is typing…']);
    await it.rest.post(messages, { body: { content: 'Done.' } });
    expect(signs()).toEqual([]);
  });
});

describe('refusals', () => {
  test.each([
    ['an unknown channel', Routes.channelMessages('1180000000000000999'), 404, 10003],
    ['an unknown user', Routes.user('1180000000000000999'), 404, 10013],
    ['an unknown route', '/nowhere', 404, 0],
  ] as const)('%s', async (_, route, status, code) => {
    await using it = await startWithRest();
    await expect(it.rest.get(route)).rejects.toMatchObject({ status, code });
  });

  test('a wrong token', async () => {
    await using it = await startWithRest();
    it.rest.setToken('another');
    await expect(it.rest.get(Routes.user('@me'))).rejects.toMatchObject({ status: 401, code: 0 });
  });

  test('a body that is no JSON', async () => {
    await using it = await startWithRest();
    const response = await fetch(`${it.discord.apiUrl}/v10${messages}`, {
      method: 'POST',
      headers: { authorization: 'Bot an-emulated-token' },
      body: '{',
    });
    expect([response.status, await response.json()]).toMatchObject([400, { code: 50109 }]);
  });

  test.each([
    ['nothing', 50001],
    ['read', 50013],
  ] as const)('a channel where the bot may do %s', async (botMay, code) => {
    await using it = await startWithRest({ channels: channels.map((channel) => ({ ...channel, botMay })) });
    await expect(it.rest.post(messages, { body: { content: 'x' } })).rejects.toMatchObject({ status: 403, code });
  });

  test('a person who takes no direct messages', async () => {
    await using it = await startWithRest({ people: people.map((person) => ({ ...person, refusesDirect: true })) });
    const { id } = it.discord.store.directChannel(leiaId);
    const refused = it.rest.post(Routes.channelMessages(id), { body: { content: 'x' } });
    await expect(refused).rejects.toMatchObject({ code: 50007 });
  });
});

describe('rate limits', () => {
  const headers = { authorization: 'Bot an-emulated-token', 'content-type': 'application/json' };

  test('every answer tells how many calls are left, and one too many is told how long to wait', async () => {
    await using it = await startWithRest({
      limits: { 'POST /channels/:channel/messages': { limit: 2, perMs: 60_000 } },
    });
    const post = (channel: string) =>
      fetch(`${it.discord.apiUrl}/v10/channels/${channel}/messages`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ content: 'x' }),
      });
    const left = [(await post(generalId)).headers, (await post(generalId)).headers];
    expect(left.map((sent) => sent.get('x-ratelimit-remaining'))).toEqual(['1', '0']);
    const refused = await post(generalId);
    expect(refused.status).toBe(429);
    expect(refused.headers.get('x-ratelimit-scope')).toBe('user');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(50);
    expect(await refused.json()).toMatchObject({ global: false, message: 'You are being rate limited.' });
    expect((await post(it.discord.store.directChannel(leiaId).id)).status).toBe(200);
  });

  test('all routes together have a limit, which interactions do not count towards', async () => {
    await using it = await startWithRest({ globalLimit: { limit: 2, perMs: 60_000 } });
    const call = (path: string, method = 'GET') => fetch(`${it.discord.apiUrl}/v10${path}`, { method, headers });
    expect((await call('/webhooks/1/2/messages/3')).status).toBe(404);
    expect((await call('/users/@me')).status).toBe(200);
    expect((await call('/gateway/bot')).status).toBe(200);
    const refused = await call('/users/@me');
    expect(refused.headers.get('x-ratelimit-global')).toBe('true');
    expect(await refused.json()).toMatchObject({ global: true });
  });
});
