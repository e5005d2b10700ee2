import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { botId, generalId, leiaId, lukeDirectId, lukeId } from '../../emulators/discord/world.ts';
import { until } from '../queue/house.ts';
import { question, type Stack, startStack } from './stack.ts';

const turned = (text: string) => `Turned, this is: ${text}`;
const yoda = `<@${botId}>`;
const long = Array.from({ length: 250 }, (_, i) => `Number ${i} this sentence is.`).join(' ');

describe('Discord', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({
      model: (prompt) => (question(prompt) === 'at length' ? long : turned(question(prompt))),
    });
  });
  afterAll(() => stack[Symbol.asyncDispose]());

  const said = (onlyFor: string | null = null) =>
    stack.discord.transcript().filter((entry) => entry.message.author.id === botId && entry.onlyFor === onlyFor);
  const answersTo = (id: string) =>
    said()
      .filter((entry) => entry.message.message_reference?.message_id === id)
      .map((entry) => entry.message.content);

  test('a direct message is answered, the first one with what Yoda does', async () => {
    const { message } = stack.discord.dm(lukeId, 'The boy is tired.');
    await until(() => answersTo(message.id).length === 1);
    expect(answersTo(message.id)[0]).toMatch(/Your words I turn[\s\S]*Turned, this is: The boy is tired\./);
    expect(said()[0]?.message.channel_id).toBe(lukeDirectId);
  });

  test('a mention is answered with a reply, and a reply to Yoda needs no mention', async () => {
    const { message } = stack.discord.say(lukeId, generalId, `${yoda} the sky is blue`);
    await until(() => answersTo(message.id).length === 1);
    expect(answersTo(message.id)).toEqual([turned('the sky is blue')]);
    const answer = said().find((entry) => entry.message.message_reference?.message_id === message.id);
    const reply = stack.discord.reply(lukeId, generalId, answer?.message.id ?? '', 'and the sea is deep');
    await until(() => answersTo(reply.message.id).length === 1);
    expect(answersTo(reply.message.id)).toEqual([turned('and the sea is deep')]);
  });

  test('what is not said to him is left alone', async () => {
    const before = stack.prompts.length;
    stack.discord.say(lukeId, generalId, 'nobody asked');
    stack.discord.say(lukeId, generalId, '@everyone look');
    const { message } = stack.discord.say(lukeId, generalId, `${yoda} but now`);
    await until(() => answersTo(message.id).length === 1);
    expect(stack.prompts.slice(before).map(question)).toEqual(['but now']);
  });

  test('/yoda ask is answered in place, help and a reset as well', async () => {
    await stack.discord.slash(lukeId, generalId, '/yoda ask the door is open');
    await until(() => said().some((entry) => entry.message.content.includes(turned('the door is open'))));
    await stack.discord.slash(lukeId, generalId, '/yoda help');
    await until(() => said(lukeId).some((entry) => entry.message.content.includes('Your words I turn')));
    await stack.discord.slash(lukeId, generalId, '/yoda reset');
    await until(() => said(lukeId).some((entry) => entry.message.content.includes('Forgotten, our talk is')));
  });

  test('status is for Leia; Luke is told what would allow him', async () => {
    await stack.discord.slash(leiaId, generalId, '/yoda-ops status');
    await until(() => said(leiaId).some((entry) => /rehearsal[\s\S]*100 %/.test(entry.message.content)));
    await stack.discord.slash(lukeId, generalId, '/yoda-ops status');
    await until(() => said(lukeId).some((entry) => entry.message.content.includes(`- discord:${lukeId}`)));
  });

  test('the menu is registered once, also after the gateway came again', async () => {
    const writes = stack.discord.commandWrites();
    stack.discord.gateway.drop();
    const { message } = stack.discord.say(lukeId, generalId, `${yoda} said while the socket was away`);
    await until(() => answersTo(message.id).length === 1, 15_000);
    expect(stack.discord.commandWrites()).toBe(writes);
    expect(writes).toBe(1);
  });

  test('what the model says pings nobody', async () => {
    const { message } = stack.discord.say(lukeId, generalId, `${yoda} say @everyone and <@${leiaId}>`);
    await until(() => answersTo(message.id).length === 1);
    const posted = said().find((entry) => entry.message.message_reference?.message_id === message.id);
    expect(posted?.message.mention_everyone).toBe(false);
    expect(posted?.message.mentions.map((user) => user.id)).not.toContain(leiaId);
  });

  test('a long answer comes whole, in order, in parts that Discord takes', async () => {
    const { message } = stack.discord.dm(lukeId, 'at length');
    const parts = () =>
      said()
        .filter((entry) => entry.message.channel_id === lukeDirectId && BigInt(entry.message.id) > BigInt(message.id))
        .map((entry) => entry.message.content);
    await until(() => parts().join('').length >= long.length - 10);
    expect(parts().length).toBeGreaterThan(2);
    for (const part of parts()) expect(part.length).toBeLessThanOrEqual(2000);
    expect(parts().join(' ').split(/\s+/)).toEqual(long.split(/\s+/));
  });

  test('no token is in the log', () => {
    expect(stack.services.flatMap((service) => service.lines).join('\n')).not.toMatch(/test-discord-token|ya29/);
  });
});
