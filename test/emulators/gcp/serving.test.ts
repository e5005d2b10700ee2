import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { GoogleError } from '../../../src/gcp/errors.ts';
import { predict } from '../../../src/gcp/predict.ts';
import { connect, type Emulated, python, root, startEmulated } from '../../gcp/emulated.ts';

/** Says who it is; `die` ends its process as running out of memory would. */
const toyHandler = `
import os
class EndpointHandler:
    def __init__(self, model_dir):
        self.words = open(os.path.join(model_dir, "words.txt")).read()
    def __call__(self, data):
        if data["instances"] == ["die"]:
            os._exit(137)
        names = ("AIP_ENDPOINT_ID", "AIP_DEPLOYED_MODEL_ID", "AIP_STORAGE_URI", "AIP_VERSION_NAME")
        return {"predictions": [{"words": self.words, "pid": os.getpid(), **{n: os.environ[n] for n in names}}]}
`;

async function seedToy(gcp: Emulated, words: string, handler = toyHandler) {
  const artifactDir = await mkdtemp(path.join(tmpdir(), 'toy-'));
  await mkdir(path.join(artifactDir, 'nested'));
  await writeFile(path.join(artifactDir, 'words.txt'), words);
  const handlerFile = path.join(artifactDir, 'nested', 'toy.py');
  await writeFile(handlerFile, handler);
  const seeded = await gcp.seedModel({ artifactDir, handlerFile, displayName: 'toy' });
  await rm(artifactDir, { recursive: true });
  return seeded;
}

function alive(pid: unknown): boolean {
  return existsSync(`/proc/${pid}`);
}

test('a deployed model is the artifact out of the bucket, served by a process of its own until the end', async () => {
  let pid: unknown;
  {
    await using gcp = await startEmulated();
    await using google = await connect(gcp);
    const model = await seedToy(gcp, 'yoda');
    const { deployedModelId } = await gcp.seedEndpoint({ id: '42', modelVersion: model.name });
    const endpoint = { id: '42', dedicatedDns: undefined };
    const asked = { endpoint, instances: [{ prompt: 'a' }], parameters: {}, timeoutMs: 5000 };
    const { predictions } = await predict(asked, { google });
    expect(predictions).toMatchObject([
      {
        words: 'yoda',
        AIP_ENDPOINT_ID: '42',
        AIP_DEPLOYED_MODEL_ID: deployedModelId,
        AIP_STORAGE_URI: model.artifactUri,
        AIP_VERSION_NAME: '1',
      },
    ]);
    pid = Object(predictions[0]).pid;
    expect(alive(pid)).toBe(true);
  }
  expect(alive(pid)).toBe(false);
});

test('a model server that died is UNAVAILABLE until it has come back', async () => {
  await using gcp = await startEmulated({ restartMs: 50 });
  await using google = await connect(gcp);
  const model = await seedToy(gcp, 'yoda');
  await gcp.seedEndpoint({ id: '42', modelVersion: model.name });
  const endpoint = { id: '42', dedicatedDns: undefined };
  const ask = (instances: unknown[]) => predict({ endpoint, instances, parameters: {}, timeoutMs: 5000 }, { google });
  const before = await ask([{}]);
  const unavailable = { name: 'TransientError', cause: { code: 'UNAVAILABLE' } };
  await expect(ask(['die'])).rejects.toMatchObject(unavailable);
  await expect(ask([{}])).rejects.toMatchObject(unavailable);
  await expect.poll(() => ask([{}]).catch(() => undefined), { timeout: 5000 }).toBeDefined();
  const after = await ask([{}]);
  expect(Object(after.predictions[0]).pid).not.toBe(Object(before.predictions[0]).pid);
  gcp.killModelServers('42');
  await expect
    .poll(
      () =>
        ask([{}]).then(
          () => 'up',
          () => 'down',
        ),
      { interval: 5 },
    )
    .toBe('down');
  await expect
    .poll(
      () =>
        ask([{}]).then(
          () => 'up',
          () => 'down',
        ),
      { timeout: 5000 },
    )
    .toBe('up');
});

test('a container that does not come up fails the deployment with its last words', async () => {
  await using gcp = await startEmulated();
  const model = await seedToy(gcp, 'yoda', 'raise SystemExit("no such weights")');
  const deploying = gcp.seedEndpoint({ id: '42', modelVersion: model.name });
  await expect(deploying).rejects.toThrow(/Model server exited unexpectedly.*no such weights/);
});

test('a Python that does not exist fails the deployment instead of hanging', async () => {
  await using gcp = await startEmulated({ python: '/nowhere/python' });
  const model = await seedToy(gcp, 'yoda');
  await expect(gcp.seedEndpoint({ id: '42', modelVersion: model.name })).rejects.toThrow(/could not be started/);
});

test('two versions side by side answer by their shares, and an undeployed one is gone', async () => {
  await using gcp = await startEmulated();
  await using google = await connect(gcp);
  const model = await seedToy(gcp, 'old');
  const { deployedModelId: old } = await gcp.seedEndpoint({ id: '42', modelVersion: model.name });
  const { deployedModelId: young } = await gcp.deploy('42', (await seedToy(gcp, 'new')).name);
  const endpoint = { id: '42', dedicatedDns: undefined };
  const ask = async () => {
    const answer = await predict({ endpoint, instances: [{}], parameters: {}, timeoutMs: 5000 }, { google });
    return Object(answer.predictions[0]).words;
  };
  expect([await ask(), await ask()]).toEqual(['old', 'old']);
  gcp.setTraffic('42', { [old]: 0, [young]: 100 });
  expect([await ask(), await ask()]).toEqual(['new', 'new']);
  await gcp.undeploy('42', young);
  await expect(ask()).rejects.toThrow(/No model takes traffic on endpoint 42/);
});

const tiny = path.join(root, 'training', 'tiny', 'yoda');

test.runIf(existsSync(path.join(tiny, 'config.json')) && python !== 'python3')(
  'the real handler serves the tiny model and tells its faults apart',
  async () => {
    await using gcp = await startEmulated();
    await using google = await connect(gcp);
    const handlerFile = path.join(root, 'handler', 'handler.py');
    const model = await gcp.seedModel({
      artifactDir: tiny,
      handlerFile,
      displayName: 'yoda',
      labels: { profile: 'tiny' },
    });
    await gcp.seedEndpoint({ id: '42', modelVersion: model.name });
    const endpoint = { id: '42', dedicatedDns: undefined };
    const messages = [{ role: 'user', content: 'The force is strong with you.' }];
    const ask = (parameters: Record<string, unknown>) =>
      predict({ endpoint, instances: [{ messages }, {}], parameters, timeoutMs: 20_000 }, { google });
    const { predictions } = await ask({ max_new_tokens: 48 });
    expect(Object(predictions[0]).generated_text).toMatch(/force/i);
    expect(predictions[1]).toMatchObject({ error: { code: 'invalid_request' } });
    const refused = await ask({ top: 1 }).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      name: 'RefusedByModel',
      message: expect.stringContaining('unknown parameter top'),
    });
    expect(refused).toMatchObject({ cause: expect.any(GoogleError) });
  },
);
