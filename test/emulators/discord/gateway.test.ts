import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { type DiscordEmulator, type DiscordOptions, startDiscord } from '../../../emulators/discord/discord.ts';
import { botId, generalId, guildId, leiaId } from '../../../emulators/discord/world.ts';
import { token } from './world.ts';

const guilds = 1;
const guildMessages = 1 << 9;
const directMessages = 1 << 12;
const messageContent = 1 << 15;
const patient = { timeout: 3000, interval: 5 };

const frame = z.object({ op: z.number(), t: z.string().optional(), s: z.number().optional(), d: z.unknown() });
const ready = z.object({ session_id: z.string() });
type Frame = z.output<typeof frame>;

/** A client that only listens, for what a well-behaved one never does. */
async function open(url: string) {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/?v=10&encoding=json`);
  const frames: Frame[] = [];
  let closed: number | undefined;
  socket.on('message', (raw) => frames.push(frame.parse(JSON.parse(String(raw)))));
  socket.on('close', (code) => {
    closed = code;
  });
  await new Promise((resolve) => socket.once('open', resolve));
  const events = () => frames.filter(({ op }) => op === 0);
  return {
    frames,
    send: (value: unknown) => socket.send(typeof value === 'string' ? value : JSON.stringify(value)),
    closedWith: () => closed,
    names: () => events().map(({ t }) => t),
    event: (t: string) => events().find((event) => event.t === t)?.d,
    socket,
  };
}

const identify = (intents: number, given: string = token) => ({ op: 2, d: { token: given, intents } });

describe('the gateway', () => {
  const running: DiscordEmulator[] = [];
  const start = async (options: Partial<DiscordOptions> = {}) => {
    const discord = await startDiscord({ token, ...options });
    running.push(discord);
    return discord;
  };
  afterEach(async () => {
    for (const discord of running.splice(0)) await discord[Symbol.asyncDispose]();
  });

  test('says hello, answers heartbeats, and is ready with the guild', async () => {
    const client = await open((await start()).url);
    await expect.poll(() => client.frames[0], patient).toMatchObject({ op: 10, d: { heartbeat_interval: 41_250 } });
    client.send({ op: 1, d: null });
    client.send(identify(guilds));
    await expect.poll(() => client.names(), patient).toEqual(['READY', 'GUILD_CREATE']);
    expect(client.frames[1]).toMatchObject({ op: 11 });
    expect(client.event('READY')).toMatchObject({ user: { id: botId }, guilds: [{ id: guildId, unavailable: true }] });
  });

  test.each([
    ['a wrong token', identify(guilds, 'another'), 4004],
    ['a privileged intent that is off', identify(guilds | messageContent), 4014],
    ['an intent that does not exist', identify(1 << 30), 4013],
    ['an event before identifying', { op: 8, d: {} }, 4003],
    ['a frame that is no JSON', '{', 4002],
    ['a frame that is too large', 'x'.repeat(4097), 4002],
  ])('closes on %s', async (_, sent, code) => {
    const client = await open((await start({ privilegedIntents: [] })).url);
    client.send(sent);
    await expect.poll(client.closedWith, patient).toBe(code);
  });

  test('closes on an unknown opcode and on identifying twice', async () => {
    const { url } = await start();
    for (const [second, code] of [
      [{ op: 99, d: null }, 4001],
      [identify(guilds), 4005],
    ] as const) {
      const client = await open(url);
      client.send(identify(guilds));
      client.send(second);
      await expect.poll(client.closedWith, patient).toBe(code);
    }
  });

  test('tells only what was asked for by intents', async () => {
    const discord = await start();
    const some = await open(discord.url);
    const all = await open(discord.url);
    some.send(identify(guilds | directMessages));
    all.send(identify(guilds | guildMessages | directMessages));
    await expect.poll(() => [some.names().length, all.names().length], patient).toEqual([2, 2]);
    discord.say(leiaId, generalId, 'For the guild.');
    discord.dm(leiaId, 'For Yoda.');
    await expect.poll(() => all.names().length, patient).toBe(4);
    expect(some.names().slice(2)).toEqual(['MESSAGE_CREATE']);
    expect(some.event('MESSAGE_CREATE')).toMatchObject({ content: 'For Yoda.', channel_type: 1 });
  });

  test('without the MessageContent intent only what is meant for the bot can be read', async () => {
    const discord = await start();
    const client = await open(discord.url);
    client.send(identify(guilds | guildMessages | directMessages));
    await expect.poll(() => client.names().length, patient).toBe(2);
    const own = discord.say(botId, generalId, 'own').message.id;
    discord.say(leiaId, generalId, 'hidden');
    discord.say(leiaId, generalId, `<@${botId}> named`);
    discord.reply(leiaId, generalId, own, 'pinged');
    discord.reply(leiaId, generalId, own, 'not pinged', false);
    discord.dm(leiaId, 'direct');
    await expect.poll(() => client.names().length, patient).toBe(8);
    const contents = z.object({ content: z.string() });
    const read = client.frames.filter(({ t }) => t === 'MESSAGE_CREATE').map(({ d }) => contents.parse(d).content);
    expect(read).toEqual(['own', '', `<@${botId}> named`, 'pinged', '', 'direct']);
  });

  test('a resumed session gets what it missed, in order, and nothing twice', async () => {
    const discord = await start();
    const first = await open(discord.url);
    first.send(identify(guilds | guildMessages | messageContent));
    await expect.poll(() => first.names().length, patient).toBe(2);
    const session = ready.parse(first.event('READY')).session_id;
    discord.gateway.drop();
    await expect.poll(first.closedWith, patient).toBeDefined();
    discord.say(leiaId, generalId, 'one');
    discord.say(leiaId, generalId, 'two');
    const second = await open(discord.url);
    second.send({ op: 6, d: { token, session_id: session, seq: 3 } });
    await expect.poll(() => second.names(), patient).toEqual(['MESSAGE_CREATE', 'RESUMED']);
    expect(second.event('MESSAGE_CREATE')).toMatchObject({ content: 'two' });
  });

  test('a session that is unknown, or was closed by its client, cannot be resumed', async () => {
    const discord = await start();
    const first = await open(discord.url);
    first.send(identify(guilds));
    await expect.poll(() => first.names().length, patient).toBe(2);
    const session = ready.parse(first.event('READY')).session_id;
    first.socket.close(1000);
    await expect.poll(discord.gateway.connected, patient).toBe(0);
    for (const id of [session, 'stranger']) {
      const client = await open(discord.url);
      client.send({ op: 6, d: { token, session_id: id, seq: 1 } });
      await expect.poll(() => client.frames.at(-1), patient).toMatchObject({ op: 9, d: false });
    }
  });

  test('events can be doubled and delayed on purpose', async () => {
    const discord = await start();
    const client = await open(discord.url);
    client.send(identify(guilds | guildMessages | messageContent));
    await expect.poll(() => client.names().length, patient).toBe(2);
    discord.gateway.disturb({ t: 'MESSAGE_CREATE', times: 1, duplicate: true, delayMs: 40 });
    discord.say(leiaId, generalId, 'late, and twice');
    discord.say(leiaId, generalId, 'at once');
    await expect.poll(() => client.names().length, patient).toBe(5);
    const contents = z.object({ content: z.string() });
    const heard = client.frames.filter(({ t }) => t === 'MESSAGE_CREATE').map(({ d }) => contents.parse(d).content);
    expect(heard).toEqual(['at once', 'late, and twice', 'late, and twice']);
  });

  test('the control API does over HTTP what people and networks do', async () => {
    const discord = await start();
    const client = await open(discord.url);
    client.send(identify(guilds | guildMessages | messageContent));
    await expect.poll(() => client.names().length, patient).toBe(2);
    const post = (name: string, body: object) =>
      fetch(`${discord.url}/_emu/${name}`, { method: 'POST', body: JSON.stringify(body) });
    await post('say', { person: leiaId, channel: generalId, content: 'Hello there.' });
    await expect.poll(() => client.event('MESSAGE_CREATE'), patient).toMatchObject({ content: 'Hello there.' });
    const transcript = await (await fetch(`${discord.url}/_emu/transcript`)).json();
    expect(transcript).toMatchObject([{ message: { content: 'Hello there.' }, onlyFor: null }]);
    expect(await (await fetch(`${discord.url}/_emu/state`)).json()).toMatchObject({ connected: 1, identified: 1 });
    expect((await post('say', { person: 'nobody', channel: generalId, content: 'x' })).status).toBe(400);
    await post('gateway/close', { code: 4000 });
    await expect.poll(client.closedWith, patient).toBe(4000);
  });
});
