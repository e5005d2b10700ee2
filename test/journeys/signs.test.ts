import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { botId, lukeDirectId, lukeId } from '../../emulators/discord/world.ts';
import { luke } from '../../emulators/slack/world.ts';
import { until } from '../queue/house.ts';
import { question, startStack } from './stack.ts';

describe('the sign that Yoda is at work', () => {
  test('shows within a second on both platforms, outlives 10 s of thinking, and goes with the answer', async () => {
    await using stack = await startStack({
      model: async (prompt) => {
        // The second waits for the first: one request at a time.
        if (question(prompt) === 'slowly') await setTimeout(12_000);
        return `re: ${question(prompt)}`;
      },
    });
    const signs = () => ({
      slack: stack.slack.scene.view(luke.id).signs.filter((sign) => sign.channel === luke.direct).length,
      discord: stack.discord.scene.view(lukeId).signs.filter((sign) => sign.channel === lukeDirectId).length,
    });
    await stack.slack.say(luke.id, luke.direct, 'slowly');
    await until(() => stack.prompts.length === 1, 1000);
    stack.discord.dm(lukeId, 'behind it');
    await until(() => signs().slack === 1 && signs().discord === 1, 1000);
    await setTimeout(10_700);
    expect(signs()).toEqual({ slack: 1, discord: 1 });
    const answered = () => stack.discord.transcript().some(({ message }) => message.author.id === botId);
    await until(() => answered() && signs().slack === 0 && signs().discord === 0, 6000);
  }, 40_000);

  test('is cleared when the answer is an apology', async () => {
    await using stack = await startStack({ model: () => Promise.reject(new Error('never')) });
    stack.gcp.faults.add({
      path: ':predict',
      status: 400,
      body: { error: { code: 400, status: 'INVALID_ARGUMENT', message: 'no' } },
    });
    await stack.slack.say(luke.id, luke.direct, 'in vain');
    await until(() => stack.slack.transcript().some((entry) => entry.shown.includes('Answer this, I could not')), 8000);
    await until(() => stack.slack.scene.view(luke.id).signs.length === 0, 3000);
  });
});
