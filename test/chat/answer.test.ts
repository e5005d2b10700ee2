import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { describe, expect, test } from 'vitest';
import { createAnswer, exchangeOf } from '../../src/chat/answer.ts';
import { createHistory } from '../../src/chat/history.ts';
import { voice } from '../../src/chat/voice.ts';
import type { Model } from '../../src/models/model.ts';
import type { ServedModel } from '../../src/models/served.ts';
import { privateRedis } from '../private-redis.ts';
import { said } from '../queue/house.ts';

const tiny = join(import.meta.dirname, '../../training/tiny/base');
const json = async (name: string): Promise<unknown> => JSON.parse(await readFile(join(tiny, name), 'utf8'));

async function startChat(serving: Partial<ServedModel['serving']> = {}) {
  const stack = new AsyncDisposableStack();
  const server = stack.use(await privateRedis());
  const history = createHistory({ redis: stack.adopt(new Redis(server.url), (redis) => redis.disconnect()) });
  const prompts: string[] = [];
  const parameters: unknown[] = [];
  const model: Model = async (request) => {
    prompts.push(request.prompt);
    parameters.push(request.parameters);
    const text = `answer ${prompts.length}`;
    return { text, finishReason: 'stop', promptTokens: 1, completionTokens: 1, modelVersion: '7@1' };
  };
  const served: ServedModel = {
    version: '7@1',
    displayName: 'yoda',
    profileName: 'tiny',
    serving: {
      history_turns: 0,
      max_new_tokens: 48,
      temperature: 0,
      top_k: 50,
      top_p: 1,
      context_tokens: 256,
      ...serving,
    },
    tokenizerConfig: await json('tokenizer_config.json'),
    tokenizerJson: await json('tokenizer.json'),
  };
  const answer = createAnswer({ model, served: async () => served, history });
  const talk = async (text: string, more = {}) => {
    const message = said(text, more);
    const found = await answer(message, AbortSignal.timeout(5000));
    const exchange = exchangeOf(message, found);
    if (exchange !== undefined) await history.remember(message.conversation, exchange);
    return found;
  };
  return { talk, prompts, parameters, history, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

describe('an answer', () => {
  test('comes from the model, asked in its own template, greedily where the profile says so', async () => {
    await using chat = await startChat();
    expect(await chat.talk('The boy is tired.')).toEqual({ text: 'answer 1', kind: 'answered', modelVersion: '7@1' });
    expect(chat.prompts).toEqual(['<|user|>\nThe boy is tired.<|end|>\n<|assistant|>\n']);
    expect(chat.parameters).toEqual([{ max_new_tokens: 48, temperature: 0 }]);
  });

  test('shows the model as many exchanges as the profile says, the latest ones, in order', async () => {
    await using chat = await startChat({ history_turns: 1 });
    for (const text of ['one', 'two', 'three']) await chat.talk(text);
    expect(chat.prompts.at(-1)).toBe(
      '<|user|>\ntwo<|end|>\n<|assistant|>\nanswer 2<|end|>\n<|user|>\nthree<|end|>\n<|assistant|>\n',
    );
  });

  test('leaves the oldest exchanges out when they do not fit into the context', async () => {
    await using chat = await startChat({ history_turns: 10, context_tokens: 128 });
    for (let i = 0; i < 6; i++) await chat.talk(`sentence number ${i} is here`);
    expect(chat.prompts.at(-1)).toContain('number 5');
    expect(chat.prompts.at(-1)).not.toContain('number 0');
  });

  test('never mixes conversations, and forgets one when told', async () => {
    await using chat = await startChat({ history_turns: 5 });
    await chat.talk('secret of a', { conversation: 'a' });
    await chat.talk('hello', { conversation: 'b' });
    expect(chat.prompts.at(-1)).not.toContain('secret');
    expect((await chat.talk('reset', { conversation: 'a', intent: 'reset' })).text).toBe(voice.forgotten);
    await chat.talk('again', { conversation: 'a' });
    expect(chat.prompts.at(-1)).not.toContain('secret');
  });

  test('to more than fits is a refusal that says how much would', async () => {
    await using chat = await startChat();
    const { text, kind } = await chat.talk('word '.repeat(8000));
    expect(kind).toBe('refused');
    expect(text).toMatch(/8000 words\. About \d{2,3} such words/);
    expect(chat.prompts).toEqual([]);
  });

  test('to nothing is a friendly word without the model', async () => {
    await using chat = await startChat();
    expect(await chat.talk(' \u0000\ufeff ')).toEqual({ text: voice.silence, kind: 'refused' });
    expect(chat.prompts).toEqual([]);
  });

  test('is asked for without NUL bytes and broken surrogates', async () => {
    await using chat = await startChat();
    await chat.talk('a\u0000b\ud83d c');
    expect(chat.prompts[0]).toContain('a b\ufffd c');
  });
});

describe('the history', () => {
  test('keeps one exchange once, however often it is told', async () => {
    await using chat = await startChat();
    const exchange = { id: 'slack-1', saidAt: 1, user: 'u', assistant: 'a' };
    await chat.history.remember('c', exchange);
    await chat.history.remember('c', exchange);
    expect(await chat.history.recent('c', 10)).toEqual([exchange]);
  });
});
