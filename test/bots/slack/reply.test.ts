import { expect, test } from 'vitest';
import { general, leia, luke } from '../../../emulators/slack/world.ts';
import { TransientError } from '../../../src/errors.ts';
import { call, startBotUnderTest } from './bot-under-test.ts';

/** A question in #general, and the address of its answer. */
async function asked(it: Awaited<ReturnType<typeof startBotUnderTest>>) {
  const ts = (await it.slack.say(leia.id, general.id, '@Yoda hello'))?.ts ?? '';
  return { channel: general.id, thread: ts, since: ts };
}

test('an answer stands in the thread of its question, with nothing unfurled or linked by name', async () => {
  await using it = await startBotUnderTest('socket');
  const address = await asked(it);
  await it.bot.post(address, it.bot.parts('See **https://example.com** & <!here>.')[0] ?? '', 'key-1', false);
  const { values } = it.slack.calls().find(({ method }) => method === 'chat.postMessage') ?? { values: {} };
  expect(values).toMatchObject({
    thread_ts: address.thread,
    unfurl_links: 'false',
    unfurl_media: 'false',
    link_names: 'false',
    text: 'See **https://example.com** &amp; &lt;!here&gt;.',
    blocks: JSON.stringify([{ type: 'markdown', text: 'See **https://example.com** & &lt;!here&gt;.' }]),
  });
});

test('an earlier post is found behind hundreds of others', async () => {
  await using it = await startBotUnderTest('socket');
  const address = await asked(it);
  for (let index = 0; index < 250; index++)
    await it.slack.say(luke.id, general.id, `Noise ${index}.`, { thread: address.thread });
  const id = await it.bot.post(address, 'Hmm.', 'key-1', false);
  expect(await it.bot.post(address, 'Hmm.', 'key-1', true)).toBe(id);
  expect(it.posts()).toHaveLength(1);
});

test('an answer without a thread is found in the channel', async () => {
  await using it = await startBotUnderTest('socket');
  const { channel, since } = await asked(it);
  const id = await it.bot.post({ channel, since, quote: 'leia: hello' }, 'Hmm.', 'key-1', false);
  expect(await it.bot.post({ channel, since, quote: 'leia: hello' }, 'Hmm.', 'key-1', true)).toBe(id);
});

test('when the earlier post cannot be looked for, the failure is one that passes, and nothing is posted', async () => {
  await using it = await startBotUnderTest('socket');
  const address = await asked(it);
  it.slack.faults.add({ path: 'conversations\\.replies', status: 502, body: '' });
  await expect(it.bot.post(address, 'Hmm.', 'key-1', true)).rejects.toBeInstanceOf(TransientError);
  expect(it.posts()).toEqual([]);
});

test.each([
  ['Slack says it has trouble', { body: { ok: false, error: 'internal_error' }, status: 200 }, true],
  ['the connection breaks', { drop: 'before' as const }, true],
  ['the answer is no JSON', { body: '<html>', status: 200 }, true],
  ['a proxy forbids it', { body: '', status: 403 }, false],
  ['the channel is archived', { body: { ok: false, error: 'is_archived' }, status: 200 }, false],
])('when %s, the queue is told whether it may pass', async (_, fault, passes) => {
  await using it = await startBotUnderTest('socket');
  const address = await asked(it);
  it.slack.faults.add({ path: 'chat\\.postMessage', ...fault });
  const failure = await it.bot.post(address, 'Hmm.', 'key-1', false).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(Error);
  expect(failure instanceof TransientError).toBe(passes);
});

test('a limit on one call holds up no other', async () => {
  await using it = await startBotUnderTest('socket');
  const address = await asked(it);
  it.faults.limitNextPost(30_000);
  const began = Date.now();
  const limited = it.bot.post(address, 'One.', 'key-1', false).catch((error: unknown) => error);
  await it.bot.working(address);
  await it.bot.post(address, 'Two.', 'key-2', false);
  expect(await limited).toMatchObject({ retryAfterMs: 30_000 });
  expect(Date.now() - began).toBeLessThan(3000);
});

test('a status is not shown for a command, which has no thread', async () => {
  await using it = await startBotUnderTest('socket');
  const { channel, since } = await asked(it);
  await it.bot.working({ channel, since });
  expect(it.slack.calls()).toEqual([]);
});

test('a failing status is an error for the caller, not tried again', async () => {
  await using it = await startBotUnderTest('socket');
  const address = await asked(it);
  it.slack.faults.add({ path: 'setStatus', status: 500, body: '' });
  await expect(it.bot.working(address)).rejects.toBeInstanceOf(TransientError);
  it.slack.faults.clear();
  await it.bot.working(address);
  expect(it.slack.calls().filter(({ method }) => method === 'assistant.threads.setStatus')).toHaveLength(1);
});

test('where Yoda is no member an answer goes through the response_url, until that is used up', async () => {
  await using it = await startBotUnderTest('socket');
  it.slack.addChannel({ id: 'C0HANGAR01', name: 'hangar', kind: 'channel', members: [leia.id] });
  const address = { channel: 'C0HANGAR01', since: '1700000000.000000' };
  await expect(it.bot.post(address, 'Hmm.', 'key-1', false)).rejects.toThrow('not_in_channel');
  const responseUrl = `${it.slack.url}/commands/T0DAGOBAH1/1/unknown`;
  await expect(it.bot.post({ ...address, responseUrl }, 'Hmm.', 'key-1', false)).rejects.toThrow('HTTP 404');
  it.slack.faults.add({ path: '^/commands/', status: 503, body: '' });
  await expect(it.bot.post({ ...address, responseUrl }, 'Hmm.', 'key-1', true)).rejects.toBeInstanceOf(TransientError);
});

test('an address that is not of Slack is refused', async () => {
  await using it = await startBotUnderTest('socket');
  await expect(it.bot.post({ guild: '1' }, 'Hmm.', 'key-1', false)).rejects.toThrow();
  expect(await call(it.slack, 'auth.test', {})).toMatchObject({ ok: true });
});
