import { expect, test } from 'vitest';
import { googleReply } from '../../emulators/gcp/errors.ts';
import type { StubAnswer } from '../../emulators/gcp/serving/stub.ts';
import { type PredictRequest, predict } from '../../src/gcp/predict.ts';
import { connect, said, startEmulated } from './emulated.ts';

/** A stubbed endpoint, and predict against it. */
async function startPredict(answer: StubAnswer, target: { readonly dedicated?: boolean } = {}) {
  const gcp = await startEmulated();
  const google = await connect(gcp);
  const { endpointId: id } = await gcp.deployStub(answer, target);
  const dedicatedDns = target.dedicated ? `localhost:${gcp.port}` : undefined;
  const endpoint = { id, dedicatedDns };
  const request = {
    endpoint,
    instances: [{ prompt: 'a' }, { prompt: 'b' }],
    parameters: { top_k: 3 },
    timeoutMs: 3000,
  };
  return {
    gcp,
    endpointId: id,
    ask: (more: Partial<PredictRequest> = {}) => predict({ ...request, ...more }, { google }),
    async [Symbol.asyncDispose]() {
      await google[Symbol.asyncDispose]();
      await gcp[Symbol.asyncDispose]();
    },
  };
}

const container =
  (error: string, key = 'error'): StubAnswer =>
  () => ({ status: 400, body: { [key]: error } });

test.each([false, true])(
  'predictions come back in order, from the host that the endpoint has (dedicated: %s)',
  async (dedicated) => {
    const answer: StubAnswer = ({ instances, parameters }) => ({
      status: 200,
      body: { predictions: instances.map(({ prompt }) => said(`${prompt}${parameters?.top_k}`)) },
    });
    await using stub = await startPredict(answer, { dedicated });
    const answered = await stub.ask();
    expect(answered.predictions).toEqual([said('a3'), said('b3')]);
    expect(answered).toMatchObject({ modelVersionId: '1', deployedModelId: expect.stringMatching(/^\d+$/) });
  },
);

test("the first word of a container's fault tells whether it can pass, in the old container and in the new", async () => {
  const seen = [];
  for (const key of ['error', 'detail']) {
    for (const words of ['internal: out of memory', 'invalid_request: too long', 'something else']) {
      await using stub = await startPredict(container(words, key));
      seen.push(await stub.ask().catch((error: unknown) => error));
    }
  }
  const expected = [
    { name: 'TransientError', message: 'The model server: internal: out of memory' },
    { name: 'RefusedByModel', message: 'too long' },
    { name: 'GoogleError', code: 'FAILED_PRECONDITION' },
  ];
  expect(seen).toMatchObject([...expected, ...expected]);
});

test.each([
  ['too few predictions', { predictions: [said('a')] }],
  ['too many predictions', { predictions: [said('a'), said('b'), said('c')] }],
  ['no predictions', { outputs: [] }],
  ['no JSON', '{"predictions": ['],
])('an answer with %s can pass', async (_what, body) => {
  await using stub = await startPredict(() => ({ status: 200, body }));
  await expect(stub.ask()).rejects.toMatchObject({ name: 'TransientError' });
});

test('an answer that Google itself garbles can pass', async () => {
  await using stub = await startPredict(() => ({ status: 200, body: {} }));
  for (const body of ['not json', '{"predictions": "none"}', 'null']) {
    stub.gcp.faults.add({ path: ':predict$', times: 1, status: 200, body });
    await expect(stub.ask()).rejects.toMatchObject({ name: 'TransientError' });
  }
});

test('an endpoint without traffic says so in words for a person', async () => {
  await using stub = await startPredict(() => ({ status: 200, body: {} }));
  stub.gcp.setTraffic(stub.endpointId, {});
  const words = `No model takes traffic on endpoint ${stub.endpointId}: deploy one, or give one a share.`;
  await expect(stub.ask()).rejects.toMatchObject({ name: 'UserError', message: words });
});

test('quota, an overloaded server and a slow one can pass', async () => {
  await using stub = await startPredict(async () => {
    await new Promise((resolve) => setTimeout(resolve, 300));
    return { status: 200, body: { predictions: [said('a'), said('b')] } };
  });
  stub.gcp.faults.add({
    path: ':predict$',
    times: 1,
    ...googleReply('RESOURCE_EXHAUSTED', 'Quota exceeded'),
    headers: { 'retry-after': '2' },
  });
  await expect(stub.ask()).rejects.toMatchObject({ name: 'TransientError', retryAfterMs: 2000 });
  stub.gcp.faults.add({ path: ':predict$', times: 1, ...googleReply('UNAVAILABLE', 'overloaded') });
  await expect(stub.ask()).rejects.toMatchObject({ name: 'TransientError' });
  await expect(stub.ask({ timeoutMs: 100 })).rejects.toMatchObject({
    name: 'TransientError',
    message: expect.stringContaining('100 ms'),
  });
  expect((await stub.ask()).predictions).toHaveLength(2);
});
