import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { openServed, type ServedSettings } from '../../src/models/served.ts';
import { connect, quiet, root, startEmulated } from '../gcp/emulated.ts';

const echo = ({ instances }: { instances: readonly unknown[] }) => ({ status: 200, body: { predictions: instances } });
const serving = { history_turns: 2, max_new_tokens: 48, temperature: 0, top_k: 50, top_p: 1, context_tokens: 512 };
const files = {
  'tokenizer.json': '{"added_tokens": []}',
  'tokenizer_config.json': '{"chat_template": "{{ messages }}"}',
};

async function folderOf(contents: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'served-'));
  for (const [name, text] of Object.entries(contents)) await writeFile(path.join(folder, name), text);
  return folder;
}

/** An endpoint with one model of these files, and what is served on it. */
async function startServed(options: {
  readonly artifact?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly tokenizerUri?: string;
}) {
  const gcp = await startEmulated();
  const google = await connect(gcp);
  const profiles = await folderOf({
    'profiles.json': JSON.stringify({ phi3: { serving }, tiny: { serving: { ...serving, history_turns: 0 } } }),
  });
  const artifactDir = options.artifact === undefined ? undefined : await folderOf(options.artifact);
  const artifact = artifactDir === undefined ? {} : { artifactDir };
  const model = await gcp.seedModel({ displayName: 'yoda', labels: options.labels ?? {}, ...artifact });
  const { endpointId, deployedModelId } = await gcp.deployStub(echo, { id: '42', modelVersion: model.name });
  const clock = { now: 0 };
  const settings: ServedSettings = {
    endpointId,
    profilesFile: path.join(profiles, 'profiles.json'),
    tokenizerUri: options.tokenizerUri,
  };
  const served = openServed(settings, { google, log: quiet, now: () => clock.now });
  return {
    gcp,
    model,
    deployedModelId,
    clock,
    served,
    async [Symbol.asyncDispose]() {
      await google[Symbol.asyncDispose]();
      await gcp[Symbol.asyncDispose]();
      for (const folder of [profiles, artifactDir]) if (folder !== undefined) await rm(folder, { recursive: true });
    },
  };
}

test('the model behind the endpoint brings its tokenizer and the profile that its label names', async () => {
  await using stub = await startServed({ artifact: files, labels: { profile: 'tiny' } });
  expect(await stub.served.current()).toEqual({
    version: `${stub.model.name.split('/').at(-1)}@1`,
    displayName: 'yoda',
    profileName: 'tiny',
    serving: { ...serving, history_turns: 0 },
    tokenizerConfig: { chat_template: '{{ messages }}' },
    tokenizerJson: { added_tokens: [] },
  });
});

test('a model without the label has the profile of Phi-3', async () => {
  await using stub = await startServed({ artifact: files });
  expect(await stub.served.current()).toMatchObject({ profileName: 'phi3', serving });
});

test('the context is no longer than the model itself has room for', async () => {
  await using stub = await startServed({ artifact: { ...files, 'config.json': '{"max_position_embeddings": 256}' } });
  expect((await stub.served.current()).serving.context_tokens).toBe(256);
});

test('a chat template in a file of its own is found', async () => {
  const own = { ...files, 'tokenizer_config.json': '{"eos_token": "x"}', 'chat_template.jinja': 'own' };
  await using stub = await startServed({ artifact: own });
  expect((await stub.served.current()).tokenizerConfig).toEqual({ eos_token: 'x', chat_template: 'own' });
});

test('the same version stays the same object and is read once; another one is seen within a minute', async () => {
  await using stub = await startServed({ artifact: files });
  const first = await stub.served.current();
  stub.gcp.faults.add({ path: '/storage/', status: 500 });
  stub.clock.now = 60_000;
  await stub.served.current();
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(await stub.served.current()).toBe(first);
  stub.gcp.faults.clear();
  const artifactDir = await folderOf(files);
  const next = await stub.gcp.seedModel({ displayName: 'yoda', parent: stub.model.name, artifactDir });
  const deployed = await stub.gcp.deployStub(echo, { id: '42', modelVersion: `${next.name}@${next.versionId}` });
  stub.gcp.setTraffic('42', { [stub.deployedModelId]: 40, [deployed.deployedModelId]: 60 });
  expect(await stub.served.current()).toBe(first);
  stub.clock.now = 120_000;
  expect(await stub.served.current()).toBe(first);
  await expect.poll(async () => (await stub.served.current()).version).toMatch(/@2$/);
  await rm(artifactDir, { recursive: true });
});

test('a model made by hand, without an artifact, is read from the folder that is set', async () => {
  const folder = await folderOf(files);
  await using stub = await startServed({ tokenizerUri: folder });
  expect(await stub.served.current()).toMatchObject({ profileName: 'phi3', tokenizerJson: { added_tokens: [] } });
  await rm(folder, { recursive: true });
});

test('a model that we may not see is read from the bucket that is set', async () => {
  await using stub = await startServed({ artifact: files, tokenizerUri: 'gs://tokenizers/phi3/' });
  const folder = path.join(stub.gcp.dataDir, 'tokenizers', 'phi3');
  await mkdir(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text);
  stub.gcp.tokens.deny('aiplatform.models.get');
  expect(await stub.served.current()).toMatchObject({ tokenizerConfig: { chat_template: '{{ messages }}' } });
});

test.each([
  [
    'an artifact without a tokenizer',
    { artifact: { 'config.json': '{}' } },
    /cannot be read.*tokenizer.*TOKENIZER_URI/,
  ],
  ['no artifact at all', {}, /TOKENIZER_URI/],
  ['a tokenizer that is no JSON', { artifact: { ...files, 'tokenizer.json': '{' } }, /tokenizer.json is no JSON/],
  [
    'a label that names no profile',
    { artifact: files, labels: { profile: 'huge' } },
    /`profile` says huge.*phi3, tiny/,
  ],
])('%s is said in words for a person', async (_what, options, words) => {
  await using stub = await startServed(options);
  await expect(stub.served.current()).rejects.toMatchObject({
    name: 'UserError',
    message: expect.stringMatching(words),
  });
});

test('an endpoint out of traffic is said in words, and is asked again the next time', async () => {
  await using stub = await startServed({ artifact: files });
  stub.gcp.setTraffic('42', {});
  await expect(stub.served.current()).rejects.toMatchObject({
    name: 'UserError',
    message: expect.stringMatching(/No model takes traffic/),
  });
  stub.gcp.setTraffic('42', { [stub.deployedModelId]: 100 });
  expect(await stub.served.current()).toMatchObject({ displayName: 'yoda' });
});

test('a Google that is away for a moment can pass', async () => {
  await using stub = await startServed({ artifact: files });
  stub.gcp.faults.add({ path: '/storage/', status: 503, times: 1 });
  await expect(stub.served.current()).rejects.toMatchObject({ name: 'TransientError' });
  expect(await stub.served.current()).toMatchObject({ displayName: 'yoda' });
});

test('the profiles that are shipped can be read', async () => {
  await using stub = await startServed({ artifact: files });
  const settings = { endpointId: '42', profilesFile: path.join(root, 'training', 'profiles.json') };
  await using google = await connect(stub.gcp);
  const served = openServed(settings, { google, log: quiet });
  expect((await served.current()).serving.max_new_tokens).toBeGreaterThan(0);
});
