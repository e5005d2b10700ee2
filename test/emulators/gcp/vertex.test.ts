import { expect, test } from 'vitest';
import { z } from 'zod';
import type { GcpEmulator } from '../../../emulators/gcp/start.ts';
import { place, said, startEmulated } from '../../gcp/emulated.ts';

const parent = `projects/${place.project}/locations/${place.location}`;
const errorSchema = z.object({ error: z.object({ code: z.number(), status: z.string(), message: z.string() }) });
const tokenSchema = z.object({ access_token: z.string(), expires_in: z.number() });
const answerSchema = z.object({
  predictions: z.array(z.unknown()),
  deployedModelId: z.string(),
  modelVersionId: z.string(),
});
const echo = ({ instances }: { instances: readonly unknown[] }) => ({ status: 200, body: { predictions: instances } });

async function token(gcp: GcpEmulator): Promise<string> {
  const url = `${gcp.url}/computeMetadata/v1/instance/service-accounts/default/token`;
  const reply = await fetch(url, { headers: { 'metadata-flavor': 'Google' } });
  return tokenSchema.parse(await reply.json()).access_token;
}

interface Ask {
  readonly token?: string | undefined;
  readonly body?: unknown;
  readonly base?: string;
}

async function ask(gcp: GcpEmulator, path: string, { token, body, base }: Ask): Promise<Response> {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const payload =
    body === undefined ? {} : { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) };
  return fetch(`${base ?? gcp.url}/v1/${path}`, { headers: { ...authorization }, ...payload });
}

async function fault(reply: Response) {
  return errorSchema.parse(await reply.json()).error;
}

test('the metadata server answers only those who send its header', async () => {
  await using gcp = await startEmulated();
  const url = `${gcp.url}/computeMetadata/v1/project/project-id`;
  const without = await fetch(url);
  expect([without.status, without.headers.get('metadata-flavor')]).toEqual([403, 'Google']);
  const reply = await fetch(url, { headers: { 'metadata-flavor': 'Google' } });
  expect([await reply.text(), reply.headers.get('metadata-flavor')]).toEqual([place.project, 'Google']);
});

test('a call without a token, with an unknown or with an expired one is UNAUTHENTICATED', async () => {
  await using gcp = await startEmulated({ tokenLifetimeSeconds: 0.2 });
  const early = await token(gcp);
  expect((await ask(gcp, `${parent}/endpoints`, { token: early })).status).toBe(200);
  await new Promise((resolve) => setTimeout(resolve, 220));
  const codes = [];
  for (const each of [undefined, 'ya29.fake', early]) {
    const { code, status } = await fault(await ask(gcp, `${parent}/endpoints`, { token: each }));
    codes.push([code, status]);
  }
  expect(codes).toEqual([401, 401, 401].map((code) => [code, 'UNAUTHENTICATED']));
});

test('another project, and a permission that was taken away, are PERMISSION_DENIED', async () => {
  await using gcp = await startEmulated();
  const { endpointId } = await gcp.deployStub(echo);
  const bearer = await token(gcp);
  const other = await fault(await ask(gcp, `projects/another/locations/us-central1/endpoints`, { token: bearer }));
  expect(other).toMatchObject({ code: 403, status: 'PERMISSION_DENIED' });
  gcp.tokens.deny('aiplatform.endpoints.predict');
  const body = { instances: [{}] };
  const denied = await fault(await ask(gcp, `${parent}/endpoints/${endpointId}:predict`, { token: bearer, body }));
  expect(denied.message).toContain("Permission 'aiplatform.endpoints.predict' denied on resource");
  expect((await ask(gcp, `${parent}/endpoints/${endpointId}`, { token: bearer })).status).toBe(200);
});

test('what does not stand there is NOT_FOUND, and an unknown path a page of HTML', async () => {
  await using gcp = await startEmulated();
  const bearer = await token(gcp);
  for (const path of ['endpoints/7', 'models/7'])
    expect(await fault(await ask(gcp, `${parent}/${path}`, { token: bearer }))).toMatchObject({ status: 'NOT_FOUND' });
  const predict = await ask(gcp, `${parent}/endpoints/7:predict`, { token: bearer, body: { instances: [{}] } });
  expect((await fault(predict)).code).toBe(404);
  const page = await ask(gcp, 'nowhere', {});
  expect([page.status, page.headers.get('content-type')]).toEqual([404, 'text/html; charset=UTF-8']);
});

test('a prediction tells which deployed model answered, and is counted with its instances', async () => {
  await using gcp = await startEmulated();
  const { endpointId, deployedModelId } = await gcp.deployStub(echo);
  const body = { instances: [{ prompt: 'a' }, { prompt: 'b' }], parameters: { top_k: 1 } };
  const reply = await ask(gcp, `${parent}/endpoints/${endpointId}:predict`, { token: await token(gcp), body });
  expect(await reply.json()).toMatchObject({
    predictions: [{ prompt: 'a' }, { prompt: 'b' }],
    deployedModelId,
    modelVersionId: '1',
    modelDisplayName: 'stub',
    model: expect.stringMatching(new RegExp(`^projects/${place.projectNumber}/locations/us-central1/models/`)),
  });
  expect(gcp.predictCalls()).toMatchObject([{ endpointId, deployedModelId, instances: 2, status: 200 }]);
});

test('what cannot be read as a predict request is INVALID_ARGUMENT', async () => {
  await using gcp = await startEmulated();
  const { endpointId } = await gcp.deployStub(echo);
  const bearer = await token(gcp);
  const words = [];
  for (const body of ['{', '{}', { instances: [] }, { instances: [{}], prompt: 'a' }]) {
    const found = await fault(await ask(gcp, `${parent}/endpoints/${endpointId}:predict`, { token: bearer, body }));
    expect(found.status).toBe('INVALID_ARGUMENT');
    words.push(found.message);
  }
  expect(words[0]).toContain('Invalid JSON payload received.');
  expect(words[3]).toContain('Unknown name "prompt": Cannot find field.');
  expect(gcp.predictCalls()).toEqual([]);
});

test('a fault of the container comes word for word in a FAILED_PRECONDITION', async () => {
  await using gcp = await startEmulated();
  const body = '{"error": "internal: out of memory"}';
  const { endpointId } = await gcp.deployStub(() => ({ status: 400, body }));
  const asked = { token: await token(gcp), body: { instances: [{}] } };
  const found = await fault(await ask(gcp, `${parent}/endpoints/${endpointId}:predict`, asked));
  expect(found).toEqual({ code: 400, status: 'FAILED_PRECONDITION', message: body });
});

test('requests and answers over the limit of the endpoint are refused', async () => {
  await using gcp = await startEmulated();
  const many = () => ({ status: 200, body: { predictions: ['x'.repeat(1_600_000)] } });
  const shared = await gcp.deployStub(many);
  const dedicated = await gcp.deployStub(many, { dedicated: true });
  const bearer = await token(gcp);
  const large = { instances: [{ prompt: 'x'.repeat(1_600_000) }] };
  const sent = await ask(gcp, `${parent}/endpoints/${shared.endpointId}:predict`, { token: bearer, body: large });
  expect((await fault(sent)).message).toBe('Request payload size exceeds the limit: 1500000 bytes.');
  const small = { token: bearer, body: { instances: [{}] } };
  const answered = await ask(gcp, `${parent}/endpoints/${shared.endpointId}:predict`, small);
  expect((await fault(answered)).message).toContain('Response size too large.');
  const base = `http://localhost:${gcp.port}`;
  const wide = await ask(gcp, `${parent}/endpoints/${dedicated.endpointId}:predict`, {
    token: bearer,
    body: large,
    base,
  });
  expect(wide.status).toBe(200);
});

test('a dedicated endpoint answers on its own host alone, and a shared one not there', async () => {
  await using gcp = await startEmulated();
  const dedicated = await gcp.deployStub(echo, { dedicated: true });
  const shared = await gcp.deployStub(echo);
  const asked = { token: await token(gcp), body: { instances: [{}] } };
  const described = await ask(gcp, `${parent}/endpoints/${dedicated.endpointId}`, { token: asked.token });
  const { dedicatedEndpointDns } = z.object({ dedicatedEndpointDns: z.string() }).parse(await described.json());
  const base = `http://${dedicatedEndpointDns}`;
  expect((await ask(gcp, `${parent}/endpoints/${dedicated.endpointId}:predict`, { ...asked, base })).status).toBe(200);
  const wrong = await fault(await ask(gcp, `${parent}/endpoints/${dedicated.endpointId}:predict`, asked));
  expect(wrong.message).toContain('Dedicated Endpoint cannot be accessed through the shared Vertex AI domain');
  expect((await ask(gcp, `${parent}/endpoints/${shared.endpointId}:predict`, { ...asked, base })).status).toBe(404);
});

test('a slow container is cut off at the time that its kind of endpoint has', async () => {
  await using gcp = await startEmulated({ sharedTimeoutMs: 100 });
  const slow = async () => {
    await new Promise((resolve) => setTimeout(resolve, 250));
    return { status: 200, body: { predictions: [said('late')] } };
  };
  const { endpointId } = await gcp.deployStub(slow);
  const patient = await gcp.deployStub(slow, { dedicated: true, inferenceTimeoutMs: 5000 });
  const asked = { token: await token(gcp), body: { instances: [{}] } };
  const late = await fault(await ask(gcp, `${parent}/endpoints/${endpointId}:predict`, asked));
  expect(late).toMatchObject({ code: 504, status: 'DEADLINE_EXCEEDED' });
  const base = `http://localhost:${gcp.port}`;
  expect((await ask(gcp, `${parent}/endpoints/${patient.endpointId}:predict`, { ...asked, base })).status).toBe(200);
});

test('traffic goes to deployed models by their shares, the same way for the same seed', async () => {
  const run = async (seed: number) => {
    await using gcp = await startEmulated({ seed });
    const { endpointId, deployedModelId: first } = await gcp.deployStub(echo);
    const { deployedModelId: second } = await gcp.deployStub(echo, { id: endpointId });
    gcp.setTraffic(endpointId, { [first]: 80, [second]: 20 });
    const asked = { token: await token(gcp), body: { instances: [{}] } };
    const answers = [];
    for (let call = 0; call < 60; call++) {
      const reply = await ask(gcp, `${parent}/endpoints/${endpointId}:predict`, asked);
      answers.push(answerSchema.parse(await reply.json()).deployedModelId === first ? 'first' : 'second');
    }
    return answers;
  };
  const answers = await run(7);
  const share = answers.filter((each) => each === 'first').length / 60;
  expect(share).toBeGreaterThan(0.65);
  expect(share).toBeLessThan(0.95);
  expect(await run(7)).toEqual(answers);
  expect(await run(8)).not.toEqual(answers);
});

test('an endpoint out of traffic says that it has no traffic split', async () => {
  await using gcp = await startEmulated();
  const { endpointId } = await gcp.deployStub(echo);
  gcp.setTraffic(endpointId, {});
  const asked = { token: await token(gcp), body: { instances: [{}] } };
  const found = await fault(await ask(gcp, `${parent}/endpoints/${endpointId}:predict`, asked));
  expect(found.status).toBe('FAILED_PRECONDITION');
  expect(found.message).toMatch(/^Endpoint projects\/\d+\/locations\/.*doesn't have traffic_split\.$/);
});

test('a model is found by its id, a version and an alias, and lists who serves it', async () => {
  await using gcp = await startEmulated();
  const first = await gcp.seedModel({ displayName: 'yoda', labels: { profile: 'tiny' } });
  const second = await gcp.seedModel({ displayName: 'yoda', parent: first.name });
  const { endpointId } = await gcp.deployStub(echo, { modelVersion: `${first.name}@${second.versionId}` });
  const bearer = await token(gcp);
  const versions = [];
  for (const suffix of ['', '@1', '@2', '@default']) {
    const reply = await ask(gcp, `${first.name}${suffix}`, { token: bearer });
    versions.push(z.object({ versionId: z.string() }).parse(await reply.json()).versionId);
  }
  expect(versions).toEqual(['1', '1', '2', '1']);
  const served = await (await ask(gcp, `${first.name}@2`, { token: bearer })).json();
  expect(served).toMatchObject({ deployedModels: [{ endpoint: expect.stringMatching(`endpoints/${endpointId}$`) }] });
  expect((await ask(gcp, `${first.name}@3`, { token: bearer })).status).toBe(404);
});

test('lists come in pages', async () => {
  await using gcp = await startEmulated();
  for (const name of ['a', 'b', 'c']) await gcp.seedModel({ displayName: name });
  const listSchema = z.object({
    models: z.array(z.object({ displayName: z.string() })),
    nextPageToken: z.string().optional(),
  });
  const bearer = await token(gcp);
  const first = listSchema.parse(await (await ask(gcp, `${parent}/models?pageSize=2`, { token: bearer })).json());
  const path = `${parent}/models?pageSize=2&pageToken=${first.nextPageToken}`;
  const second = listSchema.parse(await (await ask(gcp, path, { token: bearer })).json());
  const names = [...first.models, ...second.models].map(({ displayName }) => displayName);
  expect([names, second.nextPageToken]).toEqual([['a', 'b', 'c'], undefined]);
});
