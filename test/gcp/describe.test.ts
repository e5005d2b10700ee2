import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { describeEndpoint } from '../../src/gcp/endpoints.ts';
import { describeModel } from '../../src/gcp/models.ts';
import { readObject } from '../../src/gcp/storage.ts';
import { connect, startEmulated } from './emulated.ts';

const echo = ({ instances }: { instances: readonly unknown[] }) => ({ status: 200, body: { predictions: instances } });

test('an endpoint tells what is deployed on it, the largest share first, and its own host when it has one', async () => {
  await using gcp = await startEmulated();
  await using google = await connect(gcp);
  const model = await gcp.seedModel({ displayName: 'yoda' });
  const target = { id: '42', modelVersion: model.name, dedicated: true };
  const { deployedModelId: first } = await gcp.deployStub(echo, target);
  const { deployedModelId: second } = await gcp.deployStub(echo, target);
  gcp.setTraffic('42', { [first]: 10, [second]: 90 });
  const endpoint = await describeEndpoint('42', { google });
  expect(endpoint).toMatchObject({ id: '42', dedicatedDns: `localhost:${gcp.port}` });
  expect(endpoint.deployedModels).toMatchObject([
    { id: second, sharePercent: 90, model: model.name, modelVersionId: '1', minReplicaCount: 1 },
    { id: first, sharePercent: 10 },
  ]);
  await gcp.deployStub(echo, { id: '43' });
  expect(await describeEndpoint('43', { google })).toMatchObject({ dedicatedDns: undefined });
});

test('an endpoint without models is described as empty', async () => {
  await using gcp = await startEmulated();
  await using google = await connect(gcp);
  const { endpointId, deployedModelId } = await gcp.deployStub(echo);
  await gcp.undeploy(endpointId, deployedModelId);
  expect((await describeEndpoint(endpointId, { google })).deployedModels).toEqual([]);
});

test('a model is read by its name with a version, and without an artifact has none', async () => {
  await using gcp = await startEmulated();
  await using google = await connect(gcp);
  const artifactDir = path.join(gcp.dataDir, 'artifact');
  await mkdir(artifactDir);
  await writeFile(path.join(artifactDir, 'config.json'), '{}');
  const first = await gcp.seedModel({ displayName: 'yoda', artifactDir, labels: { profile: 'tiny' } });
  const second = await gcp.seedModel({ displayName: 'yoda', parent: first.name });
  const read = await describeModel(`${first.name}@1`, { google });
  expect(read).toMatchObject({ name: first.name, versionId: '1', labels: { profile: 'tiny' }, aliases: ['default'] });
  expect(read.artifactUri).toBe(first.artifactUri);
  expect(await describeModel(`${first.name}@${second.versionId}`, { google })).toMatchObject({
    versionId: '2',
    artifactUri: undefined,
  });
  expect((await readObject(`${read.artifactUri}/config.json`, { google })).toString()).toBe('{}');
});

test('what does not stand there is named in words for a person', async () => {
  await using gcp = await startEmulated();
  await using google = await connect(gcp);
  await mkdir(path.join(gcp.dataDir, 'some-bucket'));
  const asked = [
    [() => describeEndpoint('7', { google }), /no endpoint 7 in project dagobah-test.*VERTEX_ENDPOINT_ID/],
    [() => describeModel('projects/314159265358/locations/us-central1/models/7@2', { google }), /no model .*7@2/],
    [() => readObject('gs://some-bucket/a b/c', { google }), /no object gs:\/\/some-bucket\/a b\/c/],
    [() => readObject('s3://bucket/object', { google }), /gs:\/\/bucket\/object/],
  ] as const;
  for (const [call, words] of asked)
    await expect(call()).rejects.toMatchObject({ name: 'UserError', message: expect.stringMatching(words) });
});

test('any bytes and any name come back as they were stored', async () => {
  await using gcp = await startEmulated();
  await using google = await connect(gcp);
  const name = 'ordner ä/50% + "x"?.bin';
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, value) => value));
  await mkdir(path.join(gcp.dataDir, 'some-bucket', 'ordner ä'), { recursive: true });
  await writeFile(path.join(gcp.dataDir, 'some-bucket', name), bytes);
  expect(await readObject(`gs://some-bucket/${name}`, { google })).toEqual(bytes);
});
