import { expect, test } from 'vitest';
import { googleReply } from '../../emulators/gcp/errors.ts';
import type { StubAnswer } from '../../emulators/gcp/serving/stub.ts';
import { modelContract } from '../contract/model.ts';
import { said } from '../gcp/emulated.ts';
import { echoing, startStubbed } from './stubbed.ts';

const parameters = { max_new_tokens: 16, temperature: 0 };
const signal = new AbortController().signal;

modelContract('Vertex AI', async () => {
  const stub = await startStubbed();
  return {
    model: stub.model,
    behind: {
      echo: (delayMs) => stub.answer(echoing(delayMs)),
      fail: () => stub.answer(() => ({ status: 400, body: { error: 'internal: CUDA out of memory' } })),
      refuse: (word) =>
        stub.answer(({ instances }) => {
          const error = { code: 'invalid_request', message: 'the prompt has 9000 tokens' };
          const predictions = instances.map(({ prompt }) => (prompt === word ? { error } : said(`${prompt}, hmm.`)));
          return { status: 200, body: { predictions } };
        }),
    },
    [Symbol.asyncDispose]: () => stub[Symbol.asyncDispose](),
  };
});

test('thirty-two prompts at once are two requests of sixteen', async () => {
  await using stub = await startStubbed();
  stub.answer(echoing(30));
  await Promise.all(Array.from({ length: 32 }, (_, n) => stub.model({ prompt: `p${n}`, parameters, signal })));
  expect(stub.requests.map(({ instances }) => instances.length)).toEqual([16, 16]);
});

test('prompts that arrive while a request is under way go together in the next one', async () => {
  await using stub = await startStubbed();
  stub.answer(echoing(150));
  const first = stub.model({ prompt: 'first', parameters, signal });
  const later: Promise<unknown>[] = [];
  for (let n = 0; n < 31; n++) {
    await new Promise((resolve) => setTimeout(resolve, 2));
    later.push(stub.model({ prompt: `p${n}`, parameters, signal }));
  }
  await Promise.all([first, ...later]);
  expect(stub.requests.map(({ instances }) => instances.length)).toEqual([1, 16, 15]);
});

test('prompts with other parameters never share a request, and parameters arrive as they were asked', async () => {
  await using stub = await startStubbed();
  stub.answer(echoing(10));
  const warm = { temperature: 0.7, max_new_tokens: 16, top_k: 5 };
  const asked = Array.from({ length: 12 }, (_, n) =>
    stub.model({ prompt: `p${n}`, parameters: n % 2 === 0 ? parameters : warm, signal }),
  );
  await Promise.all(asked);
  expect(stub.requests.map((request) => request.parameters)).toEqual([parameters, warm]);
  expect(stub.requests.map(({ instances }) => instances.length)).toEqual([6, 6]);
});

test('each deployed model that takes traffic is a replica more, and has a request under way of its own', async () => {
  await using stub = await startStubbed();
  let underWay = 0;
  let most = 0;
  const counted: StubAnswer = async (request) => {
    most = Math.max(most, ++underWay);
    const reply = await echoing(40)(request);
    underWay--;
    return reply;
  };
  stub.answer(counted);
  const ask = () =>
    Promise.all(Array.from({ length: 64 }, (_, n) => stub.model({ prompt: `p${n}`, parameters, signal })));
  await ask();
  expect(most).toBe(1);
  const second = await stub.gcp.deployStub(counted, { id: stub.endpointId });
  const [first] = (await stub.endpoint.current()).deployedModels;
  stub.gcp.setTraffic(stub.endpointId, { [first?.id ?? '']: 50, [second.deployedModelId]: 50 });
  stub.endpoint.forget();
  await ask();
  expect(most).toBe(2);
});

test('a request that nobody waits for any more is given up, and the next one goes at once', async () => {
  await using stub = await startStubbed();
  stub.answer(echoing(3000));
  const stop = new AbortController();
  const left = Promise.all([
    stub.model({ prompt: 'a', parameters, signal: stop.signal }),
    stub.model({ prompt: 'b', parameters, signal: stop.signal }),
  ]);
  await expect.poll(() => stub.requests.length).toBe(1);
  stub.answer(echoing());
  stop.abort(new Error('gone'));
  await expect(left).rejects.toThrow('gone');
  const started = Date.now();
  await stub.model({ prompt: 'c', parameters, signal });
  expect(Date.now() - started).toBeLessThan(1000);
});

test('one who waits for its turn and aborts is not sent', async () => {
  await using stub = await startStubbed();
  stub.answer(echoing(100));
  const first = stub.model({ prompt: 'first', parameters, signal });
  await expect.poll(() => stub.requests.length).toBe(1);
  const stop = new AbortController();
  const left = stub.model({ prompt: 'left', parameters, signal: stop.signal });
  const kept = stub.model({ prompt: 'kept', parameters, signal });
  stop.abort(new Error('gone'));
  await expect(left).rejects.toThrow('gone');
  await Promise.all([first, kept]);
  expect(stub.requests.map(({ instances }) => instances)).toEqual([[{ prompt: 'first' }], [{ prompt: 'kept' }]]);
});

test('a server that takes too long is given up after the time that is set, and can pass', async () => {
  await using stub = await startStubbed({ timeoutMs: 100 });
  stub.answer(echoing(1000));
  await expect(stub.model({ prompt: 'a', parameters, signal })).rejects.toMatchObject({ name: 'TransientError' });
});

test('an instance that failed inside the server can pass, and takes no other with it', async () => {
  await using stub = await startStubbed();
  const error = { code: 'internal', message: 'OutOfMemoryError: CUDA out of memory' };
  stub.answer(() => ({ status: 200, body: { predictions: [said('fine'), { error }] } }));
  const [fine, failed] = await Promise.allSettled(
    ['a', 'b'].map((prompt) => stub.model({ prompt, parameters, signal })),
  );
  expect(fine).toMatchObject({ value: { text: 'fine' } });
  expect(failed).toMatchObject({
    reason: { name: 'TransientError', message: expect.stringContaining('out of memory') },
  });
});

test('counts and the reason for the end come with an answer', async () => {
  await using stub = await startStubbed();
  const prediction = { generated_text: 'cut', finish_reason: 'length', prompt_tokens: 7, completion_tokens: 16 };
  stub.answer(() => ({ status: 200, body: { predictions: [prediction] } }));
  const answer = await stub.model({ prompt: 'a', parameters, signal });
  expect(answer).toMatchObject({ text: 'cut', finishReason: 'length', promptTokens: 7, completionTokens: 16 });
});

test.each([
  ['a bare text', 'Strong it is.'],
  ['a text behind its prompt', 'promptStrong it is.'],
  ['the list of a Hugging Face pipeline', [{ generated_text: 'promptStrong it is.' }]],
])('an endpoint made by hand may answer with %s', async (_what, prediction) => {
  await using stub = await startStubbed();
  stub.answer(() => ({ status: 200, body: { predictions: [prediction] } }));
  await expect(stub.model({ prompt: 'prompt', parameters, signal })).resolves.toMatchObject({ text: 'Strong it is.' });
});

test('an answer of an unknown shape can pass', async () => {
  await using stub = await startStubbed();
  stub.answer(() => ({ status: 200, body: { predictions: [{ words: 'x' }] } }));
  await expect(stub.model({ prompt: 'a', parameters, signal })).rejects.toMatchObject({ name: 'TransientError' });
});

test('a dedicated endpoint is asked on its own host', async () => {
  await using stub = await startStubbed({}, { dedicated: true });
  await expect(stub.model({ prompt: 'a', parameters, signal })).resolves.toMatchObject({ text: 'a, hmm.' });
});

test('after Google says that the endpoint is another one, it is looked up anew', async () => {
  await using stub = await startStubbed();
  await stub.model({ prompt: 'a', parameters, signal });
  const words = 'Dedicated Endpoint cannot be accessed through the shared Vertex AI domain';
  stub.gcp.faults.add({ path: ':predict$', times: 1, ...googleReply('FAILED_PRECONDITION', words) });
  await expect(stub.model({ prompt: 'b', parameters, signal })).rejects.toMatchObject({ name: 'GoogleError' });
  stub.gcp.faults.add({ path: '/endpoints/\\d+$', times: 1, ...googleReply('UNAVAILABLE', 'looked up') });
  await expect(stub.model({ prompt: 'c', parameters, signal })).rejects.toThrow('looked up');
  await expect(stub.model({ prompt: 'd', parameters, signal })).resolves.toMatchObject({ text: 'd, hmm.' });
});
