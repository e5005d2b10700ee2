import { expect, test } from 'vitest';
import { council, general, leia, luke } from '../../../emulators/slack/world.ts';
import { createSlackBot } from '../../../src/bots/slack/slack.ts';
import { voice } from '../../../src/chat/voice.ts';
import { UserError } from '../../../src/errors.ts';
import { createLog } from '../../../src/log.ts';
import { recordingHearing } from '../../contract/bot.ts';
import { manifest } from '../../emulators/slack/workspace.ts';
import { aMoment, listening, soon, startBotUnderTest } from './bot-under-test.ts';

test('a message knows its lane, its conversation and where the answer goes', async () => {
  await using it = await listening();
  const root = await it.slack.say(leia.id, leia.direct, 'First.');
  await it.slack.say(leia.id, leia.direct, 'In its thread.', { thread: root?.ts });
  await it.slack.say(leia.id, general.id, '@Yoda in a channel');
  await expect.poll(() => it.hearing.heard.length, soon).toBe(3);
  // Different places are heard side by side.
  const [first, reply, mention] = ['First.', 'In its thread.', 'in a channel'].map((text) =>
    it.hearing.heard.find((message) => message.text === text),
  );
  const direct = `slack:T0DAGOBAH1:${leia.direct}`;
  expect(first).toMatchObject({
    id: `slack-${leia.direct}-${root?.ts}`,
    lane: direct,
    conversation: `${direct}:${root?.ts}`,
    address: { channel: leia.direct, thread: root?.ts },
  });
  expect(reply).toMatchObject({ lane: direct, conversation: first?.conversation, address: { thread: root?.ts } });
  expect(mention?.lane).toBe(mention?.conversation);
  expect(mention?.lane).toMatch(/^slack:T0DAGOBAH1:C0GENERAL1:\d+\.\d+$/);
});

test('in a thread with Yoda no mention is needed, unless somebody else is spoken to', async () => {
  await using it = await listening();
  const root = await it.slack.say(leia.id, general.id, 'A thread begins.');
  const other = await it.slack.say(leia.id, general.id, 'A thread of others.');
  it.hearing.takesPart = async (conversation) => conversation === `slack:T0DAGOBAH1:${general.id}:${root?.ts}`;
  const reply = (typed: string, thread = root?.ts) => it.slack.say(leia.id, general.id, typed, { thread });
  await reply('@Luke what do you think?');
  await reply('Not for Yoda.', other?.ts);
  await reply('For Yoda.');
  await reply('@Yoda and @Luke, for both.');
  await expect.poll(it.texts, soon).toHaveLength(2);
  await aMoment();
  expect(it.texts().sort()).toEqual(['For Yoda.', 'and @luke, for both.']);
});

test('a message comes as it was typed: entities undone, links and names readable', async () => {
  await using it = await listening();
  await it.slack.say(
    leia.id,
    general.id,
    'Hey @Yoda, tell @Luke in #jedi-council and @here: 1 < 2 && "x" > y, see https://example.com/?a=1&b=2',
  );
  await expect
    .poll(it.texts, soon)
    .toEqual(['Hey tell @luke in #jedi-council and @here: 1 < 2 && "x" > y, see https://example.com/?a=1&b=2']);
});

test('when Slack does not tell a name, the message is heard with the id', async () => {
  await using it = await listening();
  it.slack.faults.add({ path: 'users\\.info', status: 500, body: '' });
  await it.slack.say(leia.id, leia.direct, 'Ask @Luke.');
  await expect.poll(it.texts, soon).toEqual([`Ask @${luke.id}.`]);
});

test('edits, deletions and joins are not heard', async () => {
  await using it = await listening();
  const said = await it.slack.say(leia.id, general.id, 'No mention yet.');
  it.slack.edit(leia.id, general.id, said?.ts ?? '', '@Yoda now there is one');
  it.slack.remove(leia.id, general.id, said?.ts ?? '');
  await it.slack.say(leia.id, leia.direct, 'has joined', { subtype: 'channel_join' });
  await it.slack.say(leia.id, leia.direct, 'Marker.');
  await expect.poll(it.texts, soon).toEqual(['Marker.']);
  await aMoment();
  expect(it.texts()).toEqual(['Marker.']);
});

test('a file without words is answered politely, one with words is heard', async () => {
  await using it = await listening();
  const files = [{ id: 'F0PICTURE1', name: 'swamp.png' }];
  await it.slack.say(leia.id, leia.direct, '', { files, subtype: 'file_share' });
  await expect.poll(() => it.sees(leia.id).join('\n'), soon).toContain(voice.wordsOnly);
  await it.slack.say(leia.id, leia.direct, 'Look at this.', { files, subtype: 'file_share' });
  await expect.poll(it.texts, soon).toEqual(['Look at this.']);
});

test('a bare mention is answered with help, even when Slack tells it twice', async () => {
  await using it = await listening();
  await it.slack.say(leia.id, general.id, '@Yoda');
  await expect.poll(() => it.posts().length, soon).toBe(1);
  it.slack.redeliver();
  await aMoment();
  expect(it.posts()).toHaveLength(1);
  expect(it.posts()[0]?.text).toContain('Yoda I am.');
});

test('the outcome of an ops command goes to the asker, or to the channel when all should know', async () => {
  await using it = await listening();
  await it.slack.say(leia.id, council.id, '@Yoda ops status');
  await expect.poll(() => it.sees(leia.id), soon).toContain('Deployed it is.');
  expect(it.sees(luke.id)).not.toContain('Deployed it is.');
  it.hearing.runCommand = async () => ({ text: 'Version 3 serves.', visibility: 'channel' });
  await it.slack.command(leia.id, council.id, '/yoda-ops deploy version:3');
  await expect.poll(() => it.sees(luke.id), soon).toContain('Version 3 serves.');
});

test('an ops command that takes longer than Slack waits is run once', async () => {
  await using it = await listening('socket', { ackTimeoutMs: 100 });
  let runs = 0;
  it.hearing.runCommand = async () => {
    runs++;
    await new Promise((resolve) => setTimeout(resolve, 400));
    return { text: 'At last.', visibility: 'asker' };
  };
  await it.slack.say(leia.id, general.id, '@Yoda ops status');
  await it.slack.command(leia.id, general.id, '/yoda-ops status');
  await expect.poll(() => it.sees(leia.id).filter((text) => text === 'At last.'), soon).toHaveLength(2);
  expect(runs).toBe(2);
});

test('/yoda ask shows everybody the question, and works where Yoda is no member', async () => {
  await using it = await listening();
  it.slack.addChannel({ id: 'C0HANGAR01', name: 'hangar', kind: 'channel', members: [leia.id, luke.id] });
  await it.slack.command(leia.id, 'C0HANGAR01', '/yoda ask Is <this> for @Luke & me?');
  await expect.poll(it.texts, soon).toEqual(['Is <this> for @luke & me?']);
  const [message] = it.hearing.heard;
  if (message === undefined) throw new Error('Nothing was heard.');
  expect(message).toMatchObject({ direct: false, conversation: `slack:T0DAGOBAH1:C0HANGAR01:${leia.id}` });
  await it.bot.post(message.address, 'For you both it is.', 'key-1', false);
  await it.bot.post(message.address, 'Again it is.', 'key-2', true);
  expect(it.sees(luke.id)).toEqual([
    '/yoda ask Is &lt;this&gt; for @Luke &amp; me?',
    'leia: Is <this> for @luke & me?\nFor you both it is.',
    'leia: Is <this> for @luke & me?\nAgain it is.',
  ]);
});

test('when a command cannot be stored, the person is told at once', async () => {
  await using it = await listening();
  it.hearing.takeIn = () => Promise.reject(new Error('Redis is away'));
  await it.slack.command(leia.id, general.id, '/yoda ask Hello?');
  expect(it.sees(leia.id)).toEqual([voice.notStored]);
  expect(it.sees(luke.id)).toEqual([]);
});

test('no message is lost while Slack renews and breaks connections', async () => {
  await using it = await listening();
  const said = Array.from({ length: 12 }, (_, index) => `Message ${index}.`);
  for (const [index, text] of said.entries()) {
    if (index === 3) it.slack.refresh();
    if (index === 7) it.slack.drop();
    await it.slack.say(leia.id, leia.direct, text);
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
  await expect.poll(() => it.texts().sort(), soon).toEqual([...said].sort());
});

test('a revoked token stops this bot with a reason, and the process goes on', async () => {
  await using it = await listening();
  it.slack.revoke('bot');
  await expect(it.listener.ended).resolves.toBe('SLACK_BOT_TOKEN was revoked');
  expect(it.lines.filter((line) => line.includes('SLACK_BOT_TOKEN was revoked'))).toHaveLength(1);
  await expect.poll(() => it.slack.sockets(), soon).toBe(0);
});

test('an app token that is refused when the socket comes back stops this bot with a reason', async () => {
  await using it = await listening();
  it.slack.revoke('app');
  await expect(it.listener.ended).resolves.toBe('Slack no longer takes SLACK_APP_TOKEN (invalid_auth)');
});

test('trouble at Slack while the socket comes back is waited out', async () => {
  await using it = await listening('socket', { retryDelaysMs: [0, 60_000, 300_000] });
  it.slack.faults.add({ path: 'apps\\.connections\\.open', status: 503, body: '', times: 2 });
  it.slack.drop();
  await it.slack.say(leia.id, leia.direct, 'Back?');
  await expect.poll(it.texts, soon).toEqual(['Back?']);
});

test.each([
  ['an unknown bot token', { botToken: 'xoxb-0-unknown' }, 'SLACK_BOT_TOKEN (invalid_auth)'],
  ['an unknown app token', { appToken: 'xapp-0-unknown' }, 'SLACK_APP_TOKEN (invalid_auth)'],
  ['neither app token nor signing secret', { appToken: undefined }, 'SLACK_SIGNING_SECRET'],
])('%s is refused at the start, in words that mend it', async (_, wrong, words) => {
  await using it = await startBotUnderTest('socket');
  const bot = createSlackBot({ ...it.settings, ...wrong }, { log: createLog('silent') });
  const refusal = bot.listen(recordingHearing());
  await expect(refusal).rejects.toBeInstanceOf(UserError);
  await expect(refusal).rejects.toThrow(words);
});

test('scopes that the token lacks are named at the start, with what they are for', async () => {
  const poor = manifest.replace(/- groups:history .*/, '- files:read').replace('- message.groups', '');
  await using it = await listening('socket', { manifest: poor });
  const warned = it.lines.filter((line) => line.includes('without the scope'));
  expect(warned).toHaveLength(1);
  expect(warned[0]).toContain('without the scope groups:history Yoda cannot follow threads in private channels');
});

test('a bot that only replies opens nothing', async () => {
  await using it = await startBotUnderTest('socket');
  it.bot.parts('Hello.');
  await aMoment();
  expect(it.slack.calls()).toEqual([]);
  expect(it.slack.sockets()).toBe(0);
});

test('every call that the bot makes is covered by the manifest', async () => {
  await using it = await listening();
  await it.slack.say(leia.id, general.id, '@Yoda help');
  await it.slack.say(leia.id, general.id, '@Yoda ops status for @Luke');
  await it.slack.say(leia.id, leia.direct, 'Hello @Luke.');
  await expect.poll(() => it.hearing.heard.length, soon).toBe(1);
  const [message] = it.hearing.heard;
  if (message === undefined) throw new Error('Nothing was heard.');
  await it.bot.working(message.address);
  await it.bot.post(message.address, 'Hello.', 'key-1', true);
  await it.bot.post({ channel: general.id, since: message.address.since ?? '' }, 'Hello.', 'key-2', true);
  await expect.poll(() => it.sees(leia.id), soon).toContain('Deployed it is.');
  const called = new Set(it.slack.calls().map(({ method }) => method));
  expect([...called].sort()).toEqual([
    'apps.connections.open',
    'assistant.threads.setStatus',
    'auth.test',
    'chat.postEphemeral',
    'chat.postMessage',
    'conversations.history',
    'conversations.replies',
    'users.info',
  ]);
  expect(it.lines.filter((line) => line.includes('missing_scope') || line.includes('without the scope'))).toEqual([]);
});

test('what is said in one place is stored in its order, also while a name is looked up', async () => {
  await using it = await listening();
  it.slack.faults.add({ path: 'users.info', delayMs: 400 });
  await it.slack.say(luke.id, luke.direct, 'first, with @Leia');
  await it.slack.say(luke.id, luke.direct, 'second');
  await expect.poll(it.texts, soon).toEqual(['first, with @leia', 'second']);
});
