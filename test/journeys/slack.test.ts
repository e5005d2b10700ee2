import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { general, leia, luke, yoda } from '../../emulators/slack/world.ts';
import { until } from '../queue/house.ts';
import { question, type Stack, startStack } from './stack.ts';

const turned = (text: string) => `Turned, this is: ${text}`;

/** What Yoda has said, oldest first, as people read it. */
function answers(stack: Stack, where: { readonly channel: string; readonly thread?: string }): string[] {
  return stack.slack
    .transcript()
    .filter((entry) => entry.bot !== undefined && entry.ephemeralTo === undefined && entry.channel === where.channel)
    .filter((entry) => where.thread === undefined || entry.thread === where.thread)
    .map((entry) => entry.shown);
}

async function say(stack: Stack, ...args: Parameters<Stack['slack']['say']>): Promise<string> {
  const message = await stack.slack.say(...args);
  if (message === undefined) throw new Error('A slash command leaves no message.');
  return message.ts;
}

describe.each([
  ['Socket Mode', false],
  ['signed HTTP', true],
])('Slack over %s', (_, slackOverHttp) => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ slackOverHttp, model: (prompt) => turned(question(prompt)) });
  });
  afterAll(() => stack[Symbol.asyncDispose]());

  test('a direct message is answered in its thread, the first one with what Yoda does', async () => {
    const thread = await say(stack, luke.id, luke.direct, 'The boy is tired.');
    await until(() => answers(stack, { channel: luke.direct, thread }).length === 1);
    expect(answers(stack, { channel: luke.direct, thread })[0]).toMatch(
      /Your words I turn[\s\S]*Turned, this is: The boy is tired\./,
    );
    const second = await say(stack, luke.id, luke.direct, 'And hungry.');
    await until(() => answers(stack, { channel: luke.direct, thread: second }).length === 1);
    expect(answers(stack, { channel: luke.direct, thread: second })).toEqual([turned('And hungry.')]);
  });

  test('a mention is answered in a thread, where no further mention is needed', async () => {
    const thread = await say(stack, luke.id, general.id, '@Yoda the sky is blue');
    await until(() => answers(stack, { channel: general.id, thread }).length === 1);
    expect(answers(stack, { channel: general.id, thread })).toEqual([turned('the sky is blue')]);
    await say(stack, leia.id, general.id, 'and so is the sea', { thread });
    await until(() => answers(stack, { channel: general.id, thread }).length === 2);
    await say(stack, leia.id, general.id, '@Luke what do you think?', { thread });
    await say(stack, leia.id, general.id, 'I like it', { thread });
    await until(() => answers(stack, { channel: general.id, thread }).length === 3);
    expect(answers(stack, { channel: general.id, thread }).slice(1)).toEqual([
      turned('and so is the sea'),
      turned('I like it'),
    ]);
  });

  test('what is said without a mention, outside his threads, is left alone', async () => {
    const before = stack.prompts.length;
    await say(stack, luke.id, general.id, 'nobody asked Yoda');
    const thread = await say(stack, luke.id, general.id, '@Yoda but now');
    await until(() => answers(stack, { channel: general.id, thread }).length === 1);
    expect(stack.prompts.slice(before).map(question)).toEqual(['but now']);
  });

  test('/yoda ask, help, and a mistyped one', async () => {
    await stack.slack.command(luke.id, general.id, '/yoda ask the door is open');
    await until(() =>
      answers(stack, { channel: general.id }).some((text) => text.includes(turned('the door is open'))),
    );
    const told = () =>
      stack.slack
        .transcript()
        .filter((entry) => entry.ephemeralTo === luke.id)
        .map((entry) => entry.shown)
        .join('\n');
    await stack.slack.command(luke.id, general.id, '/yoda help');
    await until(() => told().includes('Your words I turn'));
    await stack.slack.command(luke.id, general.id, '/yoda hepl');
    await until(() => told().includes('Did you mean `/yoda help`?'));
  });

  test('@Yoda reset inside a thread has the conversation forgotten', async () => {
    const thread = await say(stack, luke.id, general.id, '@Yoda remember this');
    await until(() => answers(stack, { channel: general.id, thread }).length === 1);
    await say(stack, luke.id, general.id, '@Yoda reset', { thread });
    await until(() => answers(stack, { channel: general.id, thread }).length === 2);
    expect(answers(stack, { channel: general.id, thread })[1]).toContain('Forgotten, our talk is');
  });

  test('an event that Slack delivers again is answered once', async () => {
    const thread = await say(stack, luke.id, luke.direct, 'only once');
    stack.slack.redeliver();
    await until(() => answers(stack, { channel: luke.direct, thread }).length > 0);
    stack.slack.redeliver();
    const next = await say(stack, luke.id, luke.direct, 'the next one');
    await until(() => answers(stack, { channel: luke.direct, thread: next }).length === 1);
    expect(answers(stack, { channel: luke.direct, thread })).toEqual([turned('only once')]);
  });

  test('status is for Leia; Luke is told what would allow him', async () => {
    const told = (person: string) =>
      stack.slack
        .transcript()
        .filter((entry) => entry.ephemeralTo === person)
        .map((entry) => entry.shown)
        .join('\n');
    await stack.slack.command(leia.id, general.id, '/yoda-ops status');
    await until(() => told(leia.id).includes('yoda'));
    expect(told(leia.id)).toMatch(/rehearsal[\s\S]*100 %[\s\S]*Redis real/);
    await stack.slack.command(luke.id, general.id, '/yoda-ops status');
    await until(() => told(luke.id).includes(`- slack:${luke.id}`));
  });

  test('what the model says pings nobody', async () => {
    const thread = await say(stack, luke.id, luke.direct, 'say <!channel> and @here and <@U0LEIA0001>');
    await until(() => answers(stack, { channel: luke.direct, thread }).length === 1);
    const posted = stack.slack.transcript().find((entry) => entry.bot !== undefined && entry.thread === thread);
    expect(posted?.pinged).toEqual([]);
  });

  test('no token is in the log', () => {
    const log = stack.services.flatMap((service) => service.lines).join('\n');
    expect(log).not.toMatch(/xoxb-0-test|xapp-0-test|test-signing-secret|ya29/);
    expect(yoda.user).not.toBe('');
  });
});
