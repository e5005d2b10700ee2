import { parse } from 'node:querystring';
import { expect, test } from 'vitest';
import { council, general, leia, luke, yoda } from '../../../emulators/slack/world.ts';
import { client, requestUrl, workspace } from './workspace.ts';

const texts = (slack: Awaited<ReturnType<typeof workspace>>, person: string) =>
  slack.scene.view(person).messages.map(({ text }) => text);

test('a command reaches the app as a form, with names escaped', async () => {
  await using app = await requestUrl();
  await using slack = await workspace({ eventsUrl: app.url });
  await slack.command(leia.id, general.id, '/yoda ask @Luke is in #jedi-council');
  expect(parse(app.received[0]?.body ?? '')).toMatchObject({
    command: '/yoda',
    text: `ask <@${luke.id}|luke> is in <#${council.id}|jedi-council>`,
    user_id: leia.id,
    channel_id: general.id,
    channel_name: 'general',
    trigger_id: expect.any(String),
    response_url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/commands\//),
  });
});

test.each([
  ['a command that the manifest lacks', '/dance', undefined, '/dance is not a valid command'],
  ['a command in a thread', '/yoda help', '1700000000.000000', '/yoda is not supported in threads'],
])('%s is refused by the client', async (_, line, thread, words) => {
  await using app = await requestUrl();
  await using slack = await workspace({ eventsUrl: app.url });
  await expect(slack.say(leia.id, general.id, line, { thread })).rejects.toThrow(words);
  expect(app.received).toEqual([]);
});

test('an app that fails or is late makes the client say so', async () => {
  await using app = await requestUrl();
  await using slack = await workspace({ eventsUrl: app.url });
  app.answer = { status: 500, body: '' };
  await expect(slack.command(leia.id, general.id, '/yoda help')).rejects.toThrow('dispatch_failed');
  await using silent = await workspace({ ackTimeoutMs: 20 });
  await expect(silent.command(leia.id, general.id, '/yoda help')).rejects.toThrow('failed with the error');
});

test('words in the receipt are for the asker, unless they are for the channel', async () => {
  await using app = await requestUrl();
  await using slack = await workspace({ eventsUrl: app.url });
  app.answer = { status: 200, body: 'Only you.' };
  await slack.command(leia.id, general.id, '/yoda help');
  app.answer = { status: 200, body: JSON.stringify({ response_type: 'in_channel', text: 'All of you.' }) };
  await slack.command(leia.id, general.id, '/yoda ask hi');
  expect(texts(slack, leia.id)).toEqual(['Only you.', '/yoda ask hi', 'All of you.']);
  expect(texts(slack, luke.id)).toEqual(['/yoda ask hi', 'All of you.']);
});

test('a response_url takes five posts, and none after half an hour', async () => {
  await using app = await requestUrl();
  let now = Date.now();
  await using slack = await workspace({ eventsUrl: app.url, nowMs: () => now });
  const issue = async () => {
    await slack.command(leia.id, general.id, '/yoda help');
    return String(parse(app.received.at(-1)?.body ?? '').response_url);
  };
  const post = (url: string, text: string) =>
    fetch(url, { method: 'POST', body: JSON.stringify({ text }) }).then(({ status }) => status);
  const url = await issue();
  const statuses: number[] = [];
  for (let index = 0; index < 6; index++) statuses.push(await post(url, `Answer ${index}.`));
  expect(statuses).toEqual([200, 200, 200, 200, 200, 404]);
  const other = await issue();
  now += 31 * 60_000;
  expect(await post(other, 'Too late.')).toBe(404);
  expect(texts(slack, leia.id)).toHaveLength(5);
});

test('the handles over HTTP do what the functions do', async () => {
  await using slack = await workspace();
  const post = (path: string, body: object) =>
    fetch(`${slack.url}/_emu/${path}`, { method: 'POST', body: JSON.stringify(body) });
  await post('say', { person: leia.id, channel: general.id, text: 'Hello.' });
  const transcript = await fetch(`${slack.url}/_emu/transcript`).then((response) => response.json());
  expect(transcript).toMatchObject([{ user: leia.id, text: 'Hello.' }]);
  const refused = await post('command', { person: leia.id, channel: general.id, text: '/dance' });
  expect([refused.status, await refused.json()]).toEqual([409, { error: '/dance is not a valid command.' }]);
  await post('revoke', { token: 'bot' });
  await expect(client(slack).auth.test()).rejects.toThrow('token_revoked');
});

test('the scene gives what was said in its own form, and tells of every change', async () => {
  await using slack = await workspace();
  let changes = 0;
  const stop = slack.scene.onChange(() => changes++);
  await slack.scene.act(leia.id, {
    kind: 'say',
    channel: general.id,
    text: 'Hi @Luke & @Yoda, 1 < 2: https://example.com',
  });
  expect(slack.scene.view(luke.id).messages).toMatchObject([
    {
      text: `Hi <@${luke.id}> &amp; <@${yoda.user}>, 1 &lt; 2: <https://example.com>`,
      author: { name: 'Leia', bot: false },
      format: 'mrkdwn',
    },
  ]);
  stop();
  await slack.scene.act(leia.id, { kind: 'say', channel: leia.direct, text: 'Just us.' });
  expect(changes).toBe(1);
  expect(texts(slack, luke.id)).toHaveLength(1);
  await expect(slack.scene.act(luke.id, { kind: 'say', channel: leia.direct, text: 'Me too.' })).rejects.toThrow();
});
