import { describe, expect, test } from 'vitest';
import { leia, luke } from '../../emulators/slack/world.ts';
import { until } from '../queue/house.ts';
import { question, type Stack, startStack } from './stack.ts';

function answersTo(stack: Stack, person: typeof luke): string[] {
  return stack.slack
    .transcript()
    .filter((entry) => entry.bot !== undefined && entry.channel === person.direct)
    .map((entry) => entry.shown.split('\n').at(-1) ?? '');
}

describe('nothing is lost and nothing is said twice', () => {
  test('when a worker is killed while the model thinks', async () => {
    let thinking: (() => void) | undefined;
    let slow = true;
    const asked = new Promise<void>((resolve) => {
      thinking = resolve;
    });
    await using stack = await startStack({
      processes: [['bots'], ['worker']],
      model: async (prompt) => {
        thinking?.();
        if (slow) await new Promise((resolve) => setTimeout(resolve, 30_000));
        return `re: ${question(prompt)}`;
      },
    });
    await stack.slack.say(luke.id, luke.direct, 'before');
    await asked;
    await stack.services[1]?.kill('SIGKILL');
    slow = false;
    const died = Date.now();
    await stack.start(['worker']);
    await until(() => answersTo(stack, luke).length > 0, 30_000);
    expect(Date.now() - died).toBeLessThan(30_000);
    expect(answersTo(stack, luke)).toEqual(['re: before']);
  }, 60_000);

  test('when a worker is killed after Slack stored the answer and before it heard so', async () => {
    await using stack = await startStack({
      processes: [['bots'], ['worker']],
      model: (prompt) => `re: ${question(prompt)}`,
    });
    // The post is stored, its answer is slow, and the worker dies waiting for it.
    stack.slack.faults.add({ path: 'chat.postMessage', drop: 'after', times: 1 });
    stack.slack.faults.add({ path: 'conversations.replies', delayMs: 60_000, times: 1 });
    await stack.slack.say(luke.id, luke.direct, 'after');
    await until(() => answersTo(stack, luke).length === 1);
    await stack.services[1]?.kill('SIGKILL');
    await stack.start(['worker']);
    await stack.slack.say(luke.id, luke.direct, 'next');
    await until(() => answersTo(stack, luke).length >= 2, 30_000);
    expect(answersTo(stack, luke)).toEqual(['re: after', 're: next']);
    expect(stack.prompts.map(question)).toEqual(['after', 'next']);
  }, 60_000);

  test('when the model endpoint is down and comes back', async () => {
    await using stack = await startStack({ model: (prompt) => `re: ${question(prompt)}` });
    stack.gcp.faults.add({
      path: ':predict',
      status: 503,
      body: { error: { code: 503, status: 'UNAVAILABLE', message: 'away' } },
    });
    await stack.slack.say(luke.id, luke.direct, 'patience');
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(answersTo(stack, luke)).toEqual([]);
    stack.gcp.faults.clear();
    await until(() => answersTo(stack, luke).length === 1, 15_000);
    expect(answersTo(stack, luke)).toEqual(['re: patience']);
  }, 40_000);

  test('when Redis is away: Slack is not acknowledged and sends again', async () => {
    await using stack = await startStack({ model: (prompt) => `re: ${question(prompt)}` });
    stack.redis.process.kill('SIGSTOP');
    await stack.slack.say(luke.id, luke.direct, 'stored later');
    await new Promise((resolve) => setTimeout(resolve, 4500));
    stack.redis.process.kill('SIGCONT');
    await until(() => answersTo(stack, luke).length === 1, 20_000);
    await stack.slack.say(luke.id, luke.direct, 'next');
    await until(() => answersTo(stack, luke).length === 2, 20_000);
    expect(answersTo(stack, luke)).toEqual(['re: stored later', 're: next']);
  }, 60_000);

  test('when the service is asked to stop while it answers', async () => {
    await using stack = await startStack({
      model: async (prompt) => {
        await new Promise((resolve) => setTimeout(resolve, 1500));
        return `re: ${question(prompt)}`;
      },
    });
    await stack.slack.say(luke.id, luke.direct, 'in flight');
    await until(() => stack.prompts.length === 1);
    await stack.services[0]?.kill('SIGTERM');
    expect(answersTo(stack, luke)).toEqual(['re: in flight']);
    expect(stack.services[0]?.process.exitCode).toBe(0);
  }, 40_000);
});

describe('status', () => {
  test('says that Vertex AI does not answer, and chat goes on', async () => {
    await using stack = await startStack({ model: (prompt) => `re: ${question(prompt)}` });
    await stack.slack.say(luke.id, luke.direct, 'before');
    await until(() => answersTo(stack, luke).length === 1);
    stack.gcp.faults.add({
      method: 'GET',
      path: '/endpoints/',
      status: 503,
      body: { error: { code: 503, status: 'UNAVAILABLE', message: 'away' } },
    });
    await stack.slack.say(leia.id, leia.direct, '/yoda-ops status');
    await until(() => stack.slack.transcript().some((entry) => entry.shown.includes('does not answer')));
    await stack.slack.say(luke.id, luke.direct, 'after');
    await until(() => answersTo(stack, luke).length === 2);
    expect(answersTo(stack, luke)).toEqual(['re: before', 're: after']);
  }, 40_000);
});

describe('conversations', () => {
  test('of two people, interleaved, do not leak into each other and keep their order', async () => {
    await using stack = await startStack({
      model: async (prompt) => {
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 40));
        return `re: ${question(prompt)}`;
      },
    });
    for (let i = 0; i < 8; i++) {
      await stack.slack.say(luke.id, luke.direct, `luke ${i}`);
      await stack.slack.say(leia.id, leia.direct, `leia ${i}`);
    }
    await until(() => answersTo(stack, luke).length === 8 && answersTo(stack, leia).length === 8, 20_000);
    expect(answersTo(stack, luke)).toEqual(Array.from({ length: 8 }, (_, i) => `re: luke ${i}`));
    expect(answersTo(stack, leia)).toEqual(Array.from({ length: 8 }, (_, i) => `re: leia ${i}`));
    expect(stack.prompts.filter((prompt) => prompt.includes('luke') && prompt.includes('leia'))).toEqual([]);
  }, 40_000);
});
