import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { startDiscord } from '../../../emulators/discord/discord.ts';
import { botId, channels, generalId, leiaId } from '../../../emulators/discord/world.ts';
import { harmless, longestPost, partsOf } from '../../../src/bots/discord/format.ts';
import { createReplier } from '../../../src/bots/discord/reply.ts';
import { startYoda, token } from './yoda.ts';

const minuteMs = 60_000;
const epochMs = 1_420_070_400_000;

/** An id as Discord would have given it that long ago. */
const idFrom = (agoMs: number) => String(BigInt(Date.now() - agoMs - epochMs) << 22n);
const addressOf = (asked: string, channel = generalId) => ({ kind: 'message', channel, bot: botId, asked });

describe('parts of an answer', () => {
  test('no text pings anybody, whatever stands around the mention', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('@everyone', '@here', '<@1>', '<@!22>', '<@&3>', '<#4>', '@', '<', 'x')),
        (bits) => {
          const text = harmless(bits.join(''));
          expect(text).not.toMatch(/@everyone|@here|<@[!&]?\d|<#\d/);
        },
      ),
    );
  });

  test('parts keep within the limit and lose nothing', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 9000, unit: fc.constantFrom('@here ', 'word ', '\n', '`', '😀', '<@1>') }),
        (text) => {
          const parts = partsOf(text);
          for (const part of parts) expect(part.length).toBeLessThanOrEqual(longestPost);
          const letters = (whole: string) => whole.replace(/[\s\u200b`]/g, '');
          expect(letters(parts.join(''))).toBe(letters(text));
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('answers in Discord', () => {
  test('building a replier opens nothing, and a worker needs nothing else', async () => {
    await using discord = await startDiscord({ token });
    const replier = createReplier({ token, apiUrl: discord.apiUrl });
    expect(discord.gateway.connected()).toBe(0);
    const { message } = discord.say(leiaId, generalId, 'A question.');
    await replier.post(addressOf(message.id), 'An answer.', 'k.answered.0', false);
    expect(discord.gateway.connected()).toBe(0);
    expect(discord.transcript()).toHaveLength(2);
  });

  test('the first part replies to the question, the others follow', async () => {
    await using discord = await startDiscord({ token });
    const replier = createReplier({ token, apiUrl: discord.apiUrl });
    const { message } = discord.say(leiaId, generalId, 'A question.');
    await replier.post(addressOf(message.id), 'One.', 'k.answered.0', false);
    await replier.post(addressOf(message.id), 'Two.', 'k.answered.1', false);
    const posts = discord.transcript().slice(1);
    expect(posts.map((post) => post.message.message_reference?.message_id)).toEqual([message.id, undefined]);
  });

  test('a question that was deleted is answered all the same', async () => {
    await using discord = await startDiscord({ token });
    const replier = createReplier({ token, apiUrl: discord.apiUrl });
    const { message } = discord.say(leiaId, generalId, 'A question.');
    discord.remove(generalId, message.id);
    await replier.post(addressOf(message.id), 'One.', 'k.answered.0', false);
    expect(discord.transcript().map((post) => post.message.content)).toEqual(['One.']);
  });

  test('an hour later the first try is found in the history, when no nonce is remembered any more', async () => {
    await using discord = await startDiscord({ token, nonceMs: 0 });
    const address = addressOf(idFrom(60 * minuteMs));
    discord.faults.add({ method: 'POST', path: '/messages$', drop: 'after', times: 1 });
    const before = createReplier({ token, apiUrl: discord.apiUrl });
    await expect(before.post(address, ' One. ', 'k.answered.0', false)).rejects.toMatchObject({
      name: 'TransientError',
    });
    for (let other = 0; other < 120; other++) discord.say(leiaId, generalId, `Talk ${other}`);
    const after = createReplier({ token, apiUrl: discord.apiUrl });
    const id = await after.post(address, ' One. ', 'k.answered.0', true);
    const own = discord.transcript().filter(({ message }) => message.author.id === botId);
    expect(own.map(({ message }) => message.id)).toEqual([id]);
  });

  test('the same words in an earlier part are not taken for this one', async () => {
    await using discord = await startDiscord({ token, nonceMs: 0 });
    const replier = createReplier({ token, apiUrl: discord.apiUrl });
    const address = addressOf(idFrom(60 * minuteMs));
    await replier.post(address, 'Hmm.', 'k.answered.0', false);
    await replier.post(address, 'Hmm.', 'k.answered.1', true);
    expect(discord.transcript()).toHaveLength(2);
  });

  test('when the token of a command has died the answer goes to its channel', async () => {
    await using it = await startYoda({ discord: { tokenMs: 50 } });
    await it.discord.slash(leiaId, generalId, '/yoda ask Too late.');
    await new Promise((resolve) => setTimeout(resolve, 80));
    await it.bot.post(it.heard[0]?.address ?? {}, 'Late it is.', 'k.answered.0', false);
    expect(it.discord.transcript().map(({ message }) => [message.content, message.type])).toEqual([
      ['', 20],
      ['Late it is.', 0],
    ]);
  });

  test('a command that was stored but never received is answered in its channel', async () => {
    await using it = await startYoda();
    it.discord.faults.add({ path: '/callback$', status: 404, body: { code: 10062, message: 'Unknown interaction' } });
    await expect(it.discord.slash(leiaId, generalId, '/yoda ask Lost?')).rejects.toThrow(
      'The application did not respond',
    );
    await it.bot.post(it.heard[0]?.address ?? {}, 'Not lost.', 'k.answered.0', false);
    expect(it.discord.transcript().map(({ message }) => message.content)).toEqual(['Not lost.']);
  });

  test('the later parts of an answer to a command follow it in the channel, each once', async () => {
    await using it = await startYoda();
    await it.discord.slash(leiaId, generalId, '/yoda ask Long.');
    const address = it.heard[0]?.address ?? {};
    for (const [index, part] of ['One.', 'Two.'].entries()) {
      const id = await it.bot.post(address, part, `k.answered.${index}`, false);
      expect(await it.bot.post(address, part, `k.answered.${index}`, true)).toBe(id);
    }
    expect(it.discord.transcript().map(({ message }) => message.content)).toEqual(['One.', 'Two.']);
  });

  test('a long burst into one channel comes back as a wait, not as a refusal', async () => {
    await using discord = await startDiscord({ token });
    const replier = createReplier({ token, apiUrl: discord.apiUrl });
    const burst = Array.from({ length: 8 }, (_, index) =>
      replier.post(addressOf(idFrom(0)), `Part ${index}`, `k.answered.${index}`, false),
    );
    const refused = (await Promise.allSettled(burst)).filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(3);
    for (const { reason } of refused.filter((result) => result.status === 'rejected')) {
      expect(reason).toMatchObject({ name: 'TransientError' });
      expect(reason.retryAfterMs).toBeGreaterThan(3000);
      expect(reason.retryAfterMs).toBeLessThanOrEqual(5100);
    }
  });

  test.each([
    ['a server fault', { status: 503 }],
    ['a broken connection', { drop: 'before' }],
  ] as const)('%s is a fault that can pass', async (_, fault) => {
    await using discord = await startDiscord({ token });
    const replier = createReplier({ token, apiUrl: discord.apiUrl });
    discord.faults.add({ ...fault, times: 1 });
    await expect(replier.post(addressOf(idFrom(0)), 'Hm.', 'k', false)).rejects.toMatchObject({
      name: 'TransientError',
    });
    await replier.post(addressOf(idFrom(0)), 'Hm.', 'k', true);
    expect(discord.transcript()).toHaveLength(1);
  });

  test('where Discord cannot be reached at all the fault can pass too', async () => {
    const discord = await startDiscord({ token });
    const replier = createReplier({ token, apiUrl: discord.apiUrl });
    await discord[Symbol.asyncDispose]();
    await expect(replier.post(addressOf(idFrom(0)), 'Hm.', 'k', false)).rejects.toMatchObject({
      name: 'TransientError',
    });
  });

  test('a channel that Yoda may not write in is a fault for good', async () => {
    const quiet = channels.map((channel) => ({ ...channel, botMay: 'read' as const }));
    await using discord = await startDiscord({ token, channels: quiet });
    const replier = createReplier({ token, apiUrl: discord.apiUrl });
    await expect(replier.post(addressOf(idFrom(0)), 'Hm.', 'k', false)).rejects.toMatchObject({ code: 50013 });
  });

  test('an address of another platform is refused', async () => {
    const replier = createReplier({ token, apiUrl: 'http://127.0.0.1:9/api' });
    await expect(replier.post({ team: 'T1', channel: 'C1' }, 'Hm.', 'k', false)).rejects.toThrow();
  });
});
