import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { botId, lukeId } from '../../emulators/discord/world.ts';
import { luke } from '../../emulators/slack/world.ts';
import { until } from '../queue/house.ts';
import { type Stack, startStack } from './stack.ts';

const words = (text: string) =>
  text
    .toLowerCase()
    .match(/[a-z']+/g)
    ?.sort() ?? [];

/** The whole way with the model that really runs: the tiny Yoda in Python behind the emulated endpoint. */
describe('the tiny Yoda', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack();
  });
  afterAll(() => stack[Symbol.asyncDispose]());

  test('turns a sentence in Slack and in Discord, its words intact and in another order', async () => {
    const sentence = 'The boy walked to the market.';
    await stack.slack.say(luke.id, luke.direct, sentence);
    stack.discord.dm(lukeId, sentence);
    const inSlack = () =>
      stack.slack
        .transcript()
        .filter((entry) => entry.bot !== undefined)
        .map((entry) => entry.shown);
    const inDiscord = () =>
      stack.discord
        .transcript()
        .filter((entry) => entry.message.author.id === botId)
        .map((entry) => entry.message.content);
    await until(() => inSlack().length === 1 && inDiscord().length === 1, 20_000);
    const [slack = '', discord = ''] = [inSlack()[0], inDiscord()[0]].map((text) => text?.split('\n').at(-1));
    expect(slack).toBe(discord);
    expect(slack).not.toBe(sentence);
    expect(words(slack)).toEqual(words(sentence));
  });

  test('gathers what many people say at once into few requests', async () => {
    const before = stack.gcp.predictCalls().length;
    for (let i = 0; i < 24; i++) stack.discord.say(lukeId, '1180000000000000031', `<@${botId}> the door is open`);
    await stack.slack.say(luke.id, luke.direct, 'She likes green apples.');
    await until(() => stack.slack.transcript().filter((entry) => entry.bot !== undefined).length === 2, 30_000);
    const instances = stack.gcp
      .predictCalls()
      .slice(before)
      .map((call) => call.instances);
    expect(Math.max(...instances)).toBeLessThanOrEqual(16);
  });

  test('is back after its server died', async () => {
    stack.gcp.killModelServers('4242424242424242424');
    await stack.slack.say(luke.id, luke.direct, 'The sky is blue.');
    await until(() => stack.slack.transcript().filter((entry) => entry.bot !== undefined).length === 3, 60_000);
  }, 90_000);
});
