import { describe, expect, test } from 'vitest';
import {
  adminRoleId,
  generalId,
  leiaDirectId,
  leiaId,
  lukeId,
  memberRoleId,
} from '../../../emulators/discord/world.ts';
import { startYoda } from './yoda.ts';

const patient = { timeout: 5000, interval: 10 };

describe('slash commands in Discord', () => {
  test('/yoda ask is received once it is stored, and its answer fills that receipt', async () => {
    const gate = Promise.withResolvers<void>();
    const order: string[] = [];
    await using it = await startYoda({
      hearing: {
        takeIn: async (message) => {
          await gate.promise;
          order.push('stored');
          it.heard.push(message);
        },
      },
    });
    const received = it.discord.slash(leiaId, generalId, '/yoda ask You will learn.').then((interaction) => {
      order.push('received');
      return interaction;
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(it.discord.transcript()).toEqual([]);
    gate.resolve();
    const { id, original } = await received;
    expect(order).toEqual(['stored', 'received']);
    const [message] = it.heard;
    expect(message).toMatchObject({
      id: `discord-${id}`,
      text: 'You will learn.',
      lane: `discord:${generalId}:${leiaId}`,
      direct: false,
    });
    const posted = await it.bot.post(message?.address ?? {}, 'Learn you will.', 'k.answered.0', false);
    expect(posted).toBe(original?.message.id);
    expect(it.discord.transcript().map(({ message: { content } }) => content)).toEqual(['Learn you will.']);
  });

  test('in direct messages it is a direct message', async () => {
    await using it = await startYoda();
    await it.discord.slash(leiaId, leiaDirectId, '/yoda ask Hello.');
    expect(it.heard[0]).toMatchObject({ direct: true, lane: `discord:${leiaDirectId}` });
  });

  test('when storing fails the person alone is asked to send it again', async () => {
    await using it = await startYoda({ hearing: { takeIn: () => Promise.reject(new Error('Redis is away')) } });
    const { original } = await it.discord.slash(leiaId, generalId, '/yoda ask Keep this.');
    expect(original).toMatchObject({ onlyFor: leiaId });
    expect(original?.message.content).toContain('again send it');
  });

  test('when storing takes too long the person hears of it before Discord gives up', async () => {
    const gate = Promise.withResolvers<void>();
    await using it = await startYoda({ hearing: { takeIn: () => gate.promise } });
    const { original } = await it.discord.slash(leiaId, generalId, '/yoda ask Keep this.');
    gate.resolve();
    expect(original?.message.content).toContain('again send it');
    expect(original?.onlyFor).toBe(leiaId);
  });

  test('/yoda reset is received for the person alone', async () => {
    await using it = await startYoda();
    const { original } = await it.discord.slash(leiaId, generalId, '/yoda reset');
    expect(it.heard[0]).toMatchObject({ intent: 'reset', conversation: `discord:${generalId}:${leiaId}` });
    expect(original?.onlyFor).toBe(leiaId);
  });

  test('/yoda-ops hands on the verb, its values as they were picked, and the roles', async () => {
    await using it = await startYoda({ outcome: { text: 'Shifted.', visibility: 'asker' } });
    await it.discord.slash(leiaId, generalId, '/yoda-ops traffic version:3 note:a quiet day dry-run:true pace:slow');
    await expect.poll(() => it.asked.length, patient).toBe(1);
    expect(it.asked[0]).toEqual({
      asker: { platform: 'discord', id: leiaId, roles: [adminRoleId, memberRoleId], channel: generalId },
      request: { verb: 'traffic', values: { version: 3, note: 'a quiet day', 'dry-run': true, pace: 'slow' } },
    });
    await expect
      .poll(() => it.discord.transcript().map(({ message, onlyFor }) => [message.content, onlyFor]), patient)
      .toEqual([['Shifted.', leiaId]]);
  });

  test('an outcome for the channel is shown to all', async () => {
    await using it = await startYoda({ outcome: { text: 'Deployed version 3 is.', visibility: 'channel' } });
    await it.discord.slash(leiaId, generalId, '/yoda-ops status');
    const shown = () => it.discord.scene.view(lukeId).messages.map(({ text }) => text);
    await expect.poll(shown, patient).toEqual(['Deployed version 3 is.']);
  });

  test('a long outcome comes whole, in several posts', async () => {
    const text = Array.from({ length: 400 }, (_, index) => `Line ${index} of the status.`).join('\n');
    await using it = await startYoda({ outcome: { text, visibility: 'asker' } });
    await it.discord.slash(leiaId, generalId, '/yoda-ops status');
    const shown = () =>
      it.discord
        .transcript()
        .map(({ message }) => message.content)
        .join('\n');
    await expect.poll(shown, patient).toBe(text);
    expect(new Set(it.discord.transcript().map(({ onlyFor }) => onlyFor))).toEqual(new Set([leiaId]));
  });

  test('a command that takes longer than three seconds is not given up by Discord', async () => {
    await using it = await startYoda({
      discord: { ackMs: 150 },
      hearing: {
        runCommand: async () => {
          await new Promise((resolve) => setTimeout(resolve, 400));
          return { text: 'Slow but sure.', visibility: 'asker' };
        },
      },
    });
    await it.discord.slash(leiaId, generalId, '/yoda-ops status');
    await expect
      .poll(() => it.discord.transcript().map(({ message }) => message.content), patient)
      .toEqual(['Slow but sure.']);
  });

  test('two replicas run a command once and answer it once', async () => {
    await using first = await startYoda();
    await using second = await startYoda({ in: first.discord });
    await first.discord.slash(leiaId, generalId, '/yoda-ops status');
    await expect.poll(() => first.asked.length + second.asked.length, patient).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(first.asked.length + second.asked.length).toBe(1);
    expect(first.discord.transcript()).toHaveLength(1);
    expect([...first.logged, ...second.logged].filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('help names Yoda and is seen by the asker alone', async () => {
    await using it = await startYoda();
    const { original } = await it.discord.slash(leiaId, generalId, '/yoda help');
    expect(original?.onlyFor).toBe(leiaId);
    expect(original?.message.content).toContain('mention @Yoda in a channel');
    expect(original?.message.mentions).toEqual([]);
  });
});
