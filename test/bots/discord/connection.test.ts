import { describe, expect, test } from 'vitest';
import { startDiscord } from '../../../emulators/discord/discord.ts';
import { leiaId } from '../../../emulators/discord/world.ts';
import { freePort } from '../../../scripts/redis.ts';
import { createDiscordBot } from '../../../src/bots/discord/discord.ts';
import { UserError } from '../../../src/errors.ts';
import { createLog } from '../../../src/log.ts';
import { opsMenu, startYoda, token } from './yoda.ts';

const patient = { timeout: 8000, interval: 20 };

describe('the connection to Discord', () => {
  test('what is said while the connection is down is heard when it is back', async () => {
    await using it = await startYoda();
    it.discord.gateway.drop();
    it.discord.dm(leiaId, 'While you were away.');
    await expect.poll(() => it.heard.map(({ text }) => text), patient).toEqual(['While you were away.']);
    expect(it.discord.gateway.counts()).toEqual({ identified: 1, resumed: 1 });
  });

  test('when Discord asks to reconnect nothing is lost', async () => {
    await using it = await startYoda();
    it.discord.gateway.reconnect();
    it.discord.dm(leiaId, 'In between.');
    await expect.poll(() => it.heard.map(({ text }) => text), patient).toEqual(['In between.']);
  });

  test('an invalid session is begun anew', async () => {
    await using it = await startYoda();
    it.discord.gateway.invalidate();
    await expect.poll(() => it.discord.gateway.counts().identified, patient).toBe(2);
    it.discord.dm(leiaId, 'Anew.');
    await expect.poll(() => it.heard.map(({ text }) => text), patient).toEqual(['Anew.']);
  });

  test('a connection that answers no heartbeat any more is replaced', async () => {
    await using it = await startYoda({ discord: { heartbeatMs: 150 } });
    it.discord.gateway.mute(true);
    await expect.poll(() => it.discord.gateway.counts().resumed, patient).toBeGreaterThan(0);
    it.discord.gateway.mute(false);
    it.discord.dm(leiaId, 'Awake again.');
    await expect.poll(() => it.heard.map(({ text }) => text), patient).toEqual(['Awake again.']);
  });

  test('a revoked token ends this bot with words, and nothing else', async () => {
    await using it = await startYoda();
    it.discord.revokeToken();
    it.discord.gateway.close(4004, 'Authentication failed.');
    expect(await it.listening.ended).toContain('Reset it in the developer portal');
    expect(it.logged.filter(({ level }) => level === 'error').map(({ msg }) => msg)).toContain(
      await it.listening.ended,
    );
  });

  test('a token that was revoked while the connection was down ends the bot when it comes back', async () => {
    await using it = await startYoda();
    it.discord.revokeToken();
    it.discord.gateway.drop();
    expect(await it.listening.ended).toContain('Reset it in the developer portal');
  });

  test.each([
    ['a wrong token', { token: 'another-token' }, 'DISCORD_TOKEN'],
    ['an intent that is switched off', { token, privilegedIntents: [] as const }, 'Message Content Intent'],
  ])('%s is refused at the start with what mends it', async (_, options, words) => {
    await using discord = await startDiscord(options);
    const log = createLog('silent');
    const bot = createDiscordBot({ token, apiUrl: discord.apiUrl, messageContent: true }, { log, opsMenu });
    const refusal = await startRefused(bot, log);
    expect(refusal).toBeInstanceOf(UserError);
    expect(refusal).toMatchObject({ message: expect.stringContaining(words) });
  });

  test('a Discord that is not up yet is waited for', async () => {
    const port = await freePort();
    const log = createLog('silent');
    const bot = createDiscordBot(
      { token, apiUrl: `http://127.0.0.1:${port}/api`, messageContent: true },
      { log, opsMenu },
    );
    const heard: string[] = [];
    const listening = bot.listen({
      takeIn: async ({ text }) => void heard.push(text),
      once: async () => undefined,
      takesPart: async () => false,
      runCommand: async () => ({ text: '', visibility: 'asker' }),
      notes: { get: async () => null, set: async () => undefined },
      log,
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    await using discord = await startDiscord({ token, port });
    await using _ = await listening;
    discord.dm(leiaId, 'At last.');
    await expect.poll(() => heard, patient).toEqual(['At last.']);
  });
});

async function startRefused(
  bot: ReturnType<typeof createDiscordBot>,
  log: ReturnType<typeof createLog>,
): Promise<unknown> {
  try {
    await bot.listen({
      takeIn: async () => undefined,
      once: async () => undefined,
      takesPart: async () => false,
      runCommand: async () => ({ text: '', visibility: 'asker' }),
      notes: { get: async () => null, set: async () => undefined },
      log,
    });
    return undefined;
  } catch (error) {
    return error;
  }
}
