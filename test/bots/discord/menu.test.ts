import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { startDiscord } from '../../../emulators/discord/discord.ts';
import { generalId, leiaDirectId, leiaId } from '../../../emulators/discord/world.ts';
import { commandSet } from '../../../src/bots/discord/menu.ts';
import { commandMenu } from '../../../src/commands/menu.ts';
import { opsMenu, startYoda, token } from './yoda.ts';

const offeredTo = (it: Awaited<ReturnType<typeof startYoda>>, channel: string) =>
  it.discord.offered(leiaId, channel).map(({ name }) => name);

describe('the menu in Discord', () => {
  test('the service registers every command that it has', async () => {
    await using it = await startYoda({ opsMenu: commandMenu() });
    const ops = it.discord.commands().find(({ name }) => name === 'yoda-ops');
    expect(ops?.options?.map(({ name }) => name)).toEqual(commandMenu().map(({ name }) => name));
  });

  test('ops commands stand in servers only, talking in direct messages too', async () => {
    await using it = await startYoda();
    expect(offeredTo(it, generalId)).toEqual(['yoda', 'yoda-ops']);
    expect(offeredTo(it, leiaDirectId)).toEqual(['yoda']);
  });

  test('a second start with the same commands writes nothing, changed ones are written once', async () => {
    await using discord = await startDiscord({ token });
    const notes = new Map<string, string>();
    await (await startYoda({ in: discord, notes }))[Symbol.asyncDispose]();
    await (await startYoda({ in: discord, notes }))[Symbol.asyncDispose]();
    expect(discord.commandWrites()).toBe(1);
    await (await startYoda({ in: discord, notes, opsMenu: opsMenu.slice(1) }))[Symbol.asyncDispose]();
    expect(discord.commandWrites()).toBe(2);
  });

  test('commands that Discord has lost are written again although the note knows them', async () => {
    const notes = new Map<string, string>();
    await (await startYoda({ notes }))[Symbol.asyncDispose]();
    await using it = await startYoda({ notes });
    expect(offeredTo(it, generalId)).toEqual(['yoda', 'yoda-ops']);
  });

  test('neither a resumed nor a new session writes the commands again', async () => {
    await using it = await startYoda();
    it.discord.gateway.drop();
    await expect.poll(() => it.logged.map(({ msg }) => msg).join(), { timeout: 5000 }).toContain('nothing was lost');
    // discord.js trips over an invalidated session while it still takes the resumed one in; Discord leaves it more time.
    await setTimeout(1000);
    it.discord.gateway.invalidate();
    await expect.poll(() => it.discord.gateway.counts().identified, { timeout: 8000 }).toBe(2);
    expect(it.discord.commandWrites()).toBe(1);
  });

  test('when Discord takes no more commands today, talking still works', async () => {
    await using it = await startYoda({ discord: { commandCreatesLeft: 0 } });
    expect(it.logged.map(({ msg }) => msg).join()).toContain('slash commands could not be registered');
    it.discord.dm(leiaId, 'Hello.');
    await expect.poll(() => it.heard.length, { timeout: 5000 }).toBe(1);
  });

  test('more than Discord shows is left out with a warning, and long summaries are cut', async () => {
    const many = Array.from({ length: 30 }, (_, index) => ({
      name: `verb-${index}`,
      summary: 'x'.repeat(150),
      fields: [
        {
          name: 'which',
          summary: 'One of many',
          kind: 'string' as const,
          required: true,
          choices: Array.from({ length: 30 }, (_, choice) => `choice-${choice}`),
        },
      ],
    }));
    await using it = await startYoda({ opsMenu: many });
    const ops = it.discord.commands().find(({ name }) => name === 'yoda-ops');
    expect(ops?.options).toHaveLength(25);
    expect(ops?.options?.[0]?.description).toBe(`${'x'.repeat(99)}…`);
    expect(it.logged.map(({ msg }) => msg).join()).toContain('Discord shows 25 commands');
  });

  test('required fields stand first, with their bounds and choices', () => {
    const traffic = commandSet(opsMenu)[1]?.options?.[1];
    expect(traffic).toMatchObject({
      name: 'traffic',
      options: [
        { name: 'version', type: 4, required: true, min_value: 1 },
        { name: 'note', type: 3, required: false },
        { name: 'dry-run', type: 5 },
        {
          name: 'pace',
          type: 3,
          choices: [
            { name: 'slow', value: 'slow' },
            { name: 'fast', value: 'fast' },
          ],
        },
      ],
    });
  });
});
