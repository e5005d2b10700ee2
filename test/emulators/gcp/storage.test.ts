import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { GoogleAuth } from 'google-auth-library';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { type Emulated, place, startEmulated } from '../../gcp/emulated.ts';

const bucket = 'yoda-artifacts';
const objectSchema = z.object({
  name: z.string(),
  size: z.string(),
  generation: z.string(),
  contentType: z.string(),
  md5Hash: z.string(),
});
const listSchema = z.object({
  items: z.array(z.object({ name: z.string() })).default([]),
  prefixes: z.array(z.string()).default([]),
  nextPageToken: z.string().optional(),
});

/** An emulator with a bucket, and fetch with a token that google-auth-library found. */
async function startStorage() {
  const gcp = await startEmulated();
  await mkdir(path.join(gcp.dataDir, bucket));
  const client = await new GoogleAuth({
    scopes: 'https://www.googleapis.com/auth/devstorage.read_write',
    projectId: place.project,
  }).getClient();
  const call = async (target: string, init: RequestInit = {}): Promise<Response> => {
    const headers = new Headers(init.headers);
    for (const [name, value] of await client.getRequestHeaders()) headers.set(name, value);
    return fetch(`${gcp.url}${target}`, { ...init, headers });
  };
  return { gcp, call, [Symbol.asyncDispose]: () => gcp[Symbol.asyncDispose]() };
}

async function put(gcp: Emulated, name: string, text: string): Promise<void> {
  const file = path.join(gcp.dataDir, bucket, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, text);
}

async function list(reply: Response) {
  const { items, ...rest } = listSchema.parse(await reply.json());
  return { names: items.map(({ name }) => name), ...rest };
}

const objects = `/storage/v1/b/${bucket}/o`;
const uploads = `/upload/storage/v1/b/${bucket}/o`;

test('what another program wrote into the folder is an object at once', async () => {
  await using storage = await startStorage();
  await put(storage.gcp, 'run 1/metrics.json', '{"a":1}');
  const reply = await storage.call(`${objects}/${encodeURIComponent('run 1/metrics.json')}`);
  const object = objectSchema.parse(await reply.json());
  expect(object).toMatchObject({ name: 'run 1/metrics.json', size: '7', contentType: 'application/json' });
  const media = await storage.call(`${objects}/${encodeURIComponent('run 1/metrics.json')}?alt=media`);
  expect([media.headers.get('content-type'), await media.text()]).toEqual(['application/json', '{"a":1}']);
});

test('simple and multipart uploads land on the disk, byte for byte', async () => {
  await using storage = await startStorage();
  const bytes = Buffer.from([0, 13, 10, 45, 45, 255]);
  const headers = { 'content-type': 'application/x-yoda' };
  const simple = await storage.call(`${uploads}?uploadType=media&name=a/simple`, {
    method: 'POST',
    body: bytes,
    headers,
  });
  expect(objectSchema.parse(await simple.json())).toMatchObject({
    name: 'a/simple',
    contentType: 'application/x-yoda',
  });
  const body = Buffer.concat([
    Buffer.from(
      '--cut\r\ncontent-type: application/json\r\n\r\n{"name":"a/multi"}\r\n--cut\r\ncontent-type: text/x\r\n\r\n',
    ),
    bytes,
    Buffer.from('\r\n--cut--'),
  ]);
  const related = { 'content-type': 'multipart/related; boundary=cut' };
  const multi = await storage.call(`${uploads}?uploadType=multipart`, { method: 'POST', body, headers: related });
  expect(objectSchema.parse(await multi.json())).toMatchObject({ name: 'a/multi', contentType: 'text/x' });
  for (const name of ['simple', 'multi'])
    expect(await readFile(path.join(storage.gcp.dataDir, bucket, 'a', name))).toEqual(bytes);
});

test('a list is in order, shows folders at a delimiter, and comes in pages', async () => {
  await using storage = await startStorage();
  for (const name of ['model/b', 'model/a/deep', 'model_v2/x', 'model/ä', 'z']) await put(storage.gcp, name, 'x');
  expect((await list(await storage.call(`${objects}?prefix=model/`))).names).toEqual([
    'model/a/deep',
    'model/b',
    'model/ä',
  ]);
  const folders = await list(await storage.call(`${objects}?prefix=model/&delimiter=/`));
  expect(folders).toMatchObject({ names: ['model/b', 'model/ä'], prefixes: ['model/a/'] });
  const first = await list(await storage.call(`${objects}?maxResults=3`));
  const second = await list(await storage.call(`${objects}?maxResults=3&pageToken=${first.nextPageToken}`));
  expect([...first.names, ...second.names]).toEqual(['model/a/deep', 'model/b', 'model/ä', 'model_v2/x', 'z']);
  expect(second.nextPageToken).toBeUndefined();
});

test('a part of an object can be read', async () => {
  await using storage = await startStorage();
  await put(storage.gcp, 'weights', '0123456789');
  const part = async (range: string) => {
    const reply = await storage.call(`${objects}/weights?alt=media`, { headers: { range } });
    return [reply.status, reply.status === 206 ? await reply.text() : ''];
  };
  expect(await part('bytes=2-4')).toEqual([206, '234']);
  expect(await part('bytes=7-')).toEqual([206, '789']);
  expect(await part('bytes=-2')).toEqual([206, '89']);
  expect(await part('bytes=20-')).toEqual([416, '']);
});

test('a precondition that does not hold changes nothing', async () => {
  await using storage = await startStorage();
  await put(storage.gcp, 'x', 'old');
  const upload = (match: string) =>
    storage.call(`${uploads}?uploadType=media&name=x&ifGenerationMatch=${match}`, { method: 'POST', body: 'new' });
  expect((await upload('0')).status).toBe(412);
  expect((await storage.call(`${objects}/x?ifGenerationMatch=5`, { method: 'DELETE' })).status).toBe(412);
  const { generation } = objectSchema.parse(await (await storage.call(`${objects}/x`)).json());
  expect(await readFile(path.join(storage.gcp.dataDir, bucket, 'x'), 'utf8')).toBe('old');
  expect((await upload(generation)).status).toBe(200);
});

test('deleting an object takes it away; what is not there is a 404 in the words of Cloud Storage', async () => {
  await using storage = await startStorage();
  await put(storage.gcp, 'x', 'old');
  expect((await storage.call(`${objects}/x`, { method: 'DELETE' })).status).toBe(204);
  const gone = await storage.call(`${objects}/x`);
  expect(await gone.json()).toMatchObject({ error: { code: 404, errors: [{ reason: 'notFound' }] } });
  const nowhere = await storage.call('/storage/v1/b/nowhere-at-all');
  expect(await nowhere.json()).toMatchObject({ error: { message: 'The specified bucket does not exist.' } });
  expect((await storage.call(`/storage/v1/b/${bucket}`)).status).toBe(200);
});

test('a name that leaves the bucket is refused', async () => {
  await using storage = await startStorage();
  await writeFile(path.join(storage.gcp.dataDir, 'outside'), 'secret');
  for (const name of ['../outside', 'a/../../outside', '.']) {
    const reply = await storage.call(`${objects}/${encodeURIComponent(name)}?alt=media`);
    expect(reply.status).toBeGreaterThanOrEqual(400);
  }
});

test('a caller without a token, or without the permission, gets nothing', async () => {
  await using storage = await startStorage();
  await put(storage.gcp, 'x', 'old');
  const anonymous = await fetch(`${storage.gcp.url}${objects}/x`);
  expect(await anonymous.json()).toMatchObject({ error: { code: 401, errors: [{ reason: 'required' }] } });
  storage.gcp.tokens.deny('storage.objects.get');
  expect(await (await storage.call(`${objects}/x`)).json()).toMatchObject({ error: { code: 403 } });
});
