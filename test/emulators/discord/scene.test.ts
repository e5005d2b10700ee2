import { Routes } from 'discord.js';
import { describe, expect, test } from 'vitest';
import { botId, generalId, leiaDirectId, leiaId, lukeId } from '../../../emulators/discord/world.ts';
import { startWithRest } from './world.ts';

describe("Discord's scene", () => {
  test('each person sees the channels and their own direct messages with Yoda', async () => {
    await using it = await startWithRest();
    const { people, channels, mention } = it.discord.scene.view(leiaId);
    expect(people).toEqual([
      { id: leiaId, name: 'Leia', title: 'Admin' },
      { id: lukeId, name: 'Luke', title: 'Member' },
    ]);
    expect(channels).toEqual([
      { id: generalId, name: 'general', kind: 'channel' },
      expect.objectContaining({ name: 'jedi-council' }),
      { id: leiaDirectId, name: 'Yoda', kind: 'direct' },
    ]);
    expect(mention).toBe('@Yoda');
  });

  test('a mention typed as a name becomes one, and is shown as a name', async () => {
    await using it = await startWithRest();
    await it.discord.scene.act(leiaId, { kind: 'say', channel: generalId, text: '@yoda and @Luke, hello' });
    expect(it.discord.transcript()[0]?.message.content).toBe(`<@${botId}> and <@${lukeId}>, hello`);
    expect(it.discord.scene.view(lukeId).messages[0]?.text).toBe('@Yoda and @Luke, hello');
  });

  test('talking in a thread starts it under its message', async () => {
    await using it = await startWithRest();
    const { message } = it.discord.say(leiaId, generalId, 'Root.');
    const say = { kind: 'say', channel: generalId, thread: message.id } as const;
    await it.discord.scene.act(lukeId, { ...say, text: 'Inside.' });
    await it.discord.scene.act(lukeId, { ...say, text: 'Again.' });
    expect(it.discord.scene.view(leiaId).messages.map(({ text, channel, thread }) => [text, channel, thread])).toEqual([
      ['Root.', generalId, undefined],
      ['Inside.', generalId, message.id],
      ['Again.', generalId, message.id],
    ]);
  });

  test('a reply names the message that it answers', async () => {
    await using it = await startWithRest();
    const { message } = it.discord.say(leiaId, generalId, 'Ask.');
    await it.discord.scene.act(lukeId, { kind: 'say', channel: generalId, repliesTo: message.id, text: 'Answer.' });
    expect(it.discord.scene.view(leiaId).messages[1]).toMatchObject({ text: 'Answer.', repliesTo: message.id });
  });

  test('commands are offered with their subcommands, and fail in the words of the client', async () => {
    await using it = await startWithRest({ ackMs: 40 });
    const body = [
      { name: 'yoda', description: 'Talk', options: [{ type: 1, name: 'help', description: 'What he does' }] },
    ];
    await it.rest.put(Routes.applicationCommands(botId), { body });
    expect(it.discord.scene.view(leiaId).commands).toEqual([{ name: '/yoda help', summary: 'What he does' }]);
    const type = (text: string) => it.discord.scene.act(leiaId, { kind: 'command', channel: generalId, text });
    await expect(type('/yoda help')).rejects.toThrow('The application did not respond');
    await expect(type('/yoda halp')).rejects.toThrow('Pick one of /yoda help.');
  });

  test('a listener hears of every change until it stops', async () => {
    await using it = await startWithRest();
    let changes = 0;
    const stop = it.discord.scene.onChange(() => {
      changes++;
    });
    it.discord.dm(leiaId, 'One.');
    const heard = changes;
    expect(heard).toBeGreaterThan(0);
    stop();
    it.discord.dm(leiaId, 'Two.');
    expect(changes).toBe(heard);
  });

  test('an empty or too long message is refused as the client would', async () => {
    await using it = await startWithRest();
    const say = (text: string) => it.discord.scene.act(leiaId, { kind: 'say', channel: generalId, text });
    await expect(say('  ')).rejects.toThrow('Cannot send an empty message');
    await expect(say('x'.repeat(2001))).rejects.toThrow('too long');
  });
});
