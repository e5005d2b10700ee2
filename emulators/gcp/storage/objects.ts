import { readFile } from 'node:fs/promises';
import type { Call, Reply, Route } from '../../core/server.ts';
import type { Tokens } from '../auth.ts';
import { StorageFault } from '../errors.ts';
import type { Disk, StoredObject } from './disk.ts';

export const bucketPath = '/storage/v1/b/:bucket';

/** Cloud Storage JSON API: buckets and objects, read, listed and deleted. */
export function objectRoutes(deps: {
  readonly disk: Disk;
  readonly tokens: Tokens;
  readonly url: () => string;
}): readonly Route[] {
  const { disk, tokens, url } = deps;
  const read = async (call: Call): Promise<Reply> => {
    const object = await findObject(disk, call);
    checkGeneration(call.query, object);
    if (call.query.get('alt') !== 'media') return { body: await objectJson(disk, object, url()) };
    return media(object, await disk.md5(object), call.headers.range);
  };
  const bucket: Route = {
    method: 'GET',
    path: bucketPath,
    async handle(call) {
      const name = await existingBucket(disk, call);
      const body = { kind: 'storage#bucket', id: name, name, location: 'US-CENTRAL1', storageClass: 'STANDARD' };
      return { body: { ...body, selfLink: `${url()}/storage/v1/b/${name}` } };
    },
  };
  const list: Route = {
    method: 'GET',
    path: `${bucketPath}/o`,
    async handle(call) {
      const rows = await disk.list(await existingBucket(disk, call));
      const page = listPage(rows, call.query);
      const items = await Promise.all(page.objects.map((object) => objectJson(disk, object, url())));
      const prefixes = page.prefixes.length === 0 ? {} : { prefixes: page.prefixes };
      const next = page.next === undefined ? {} : { nextPageToken: page.next };
      return { body: { kind: 'storage#objects', ...next, ...prefixes, ...(items.length === 0 ? {} : { items }) } };
    },
  };
  const remove: Route = {
    method: 'DELETE',
    path: `${bucketPath}/o/*object`,
    async handle(call) {
      const object = await findObject(disk, call);
      checkGeneration(call.query, object);
      await disk.remove(object);
      return { status: 204 };
    },
  };
  return [
    tokens.guard('storage.buckets.get', bucket),
    tokens.guard('storage.objects.list', list),
    tokens.guard('storage.objects.get', { method: 'GET', path: `${bucketPath}/o/*object`, handle: read }),
    tokens.guard('storage.objects.get', { method: 'GET', path: `/download${bucketPath}/o/*object`, handle: read }),
    tokens.guard('storage.objects.delete', remove),
  ];
}

export async function existingBucket(disk: Disk, call: Call): Promise<string> {
  const bucket = call.params.bucket ?? '';
  if (!(await disk.hasBucket(bucket))) throw new StorageFault(404, 'notFound', 'The specified bucket does not exist.');
  return bucket;
}

async function findObject(disk: Disk, call: Call): Promise<StoredObject> {
  const bucket = await existingBucket(disk, call);
  const name = call.params.object ?? '';
  const object = await disk.find(bucket, name);
  if (object === undefined) throw new StorageFault(404, 'notFound', `No such object: ${bucket}/${name}`);
  return object;
}

/** `ifGenerationMatch`: 0 asks that there be no such object, a number that it be exactly this one. */
export function checkGeneration(query: URLSearchParams, object: StoredObject | undefined): void {
  const wanted = query.get('ifGenerationMatch');
  if (wanted === null || wanted === (object?.generation ?? '0')) return;
  throw new StorageFault(412, 'conditionNotMet', 'At least one of the pre-conditions you specified did not hold.');
}

export async function objectJson(disk: Disk, object: StoredObject, url: string) {
  const { bucket, name, generation, size, contentType, updated } = object;
  const self = `/storage/v1/b/${bucket}/o/${encodeURIComponent(name)}`;
  return {
    kind: 'storage#object',
    id: `${bucket}/${name}/${generation}`,
    selfLink: `${url}${self}`,
    mediaLink: `${url}/download${self}?generation=${generation}&alt=media`,
    name,
    bucket,
    generation,
    metageneration: '1',
    contentType,
    storageClass: 'STANDARD',
    size: String(size),
    md5Hash: await disk.md5(object),
    etag: Buffer.from(generation).toString('base64'),
    timeCreated: updated,
    updated,
  };
}

async function media(object: StoredObject, md5: string, range: string | undefined): Promise<Reply> {
  const bytes = await readFile(object.file);
  const headers = {
    'content-type': object.contentType,
    'x-goog-generation': object.generation,
    'x-goog-hash': `md5=${md5}`,
  };
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(range ?? '') ?? [];
  if (from === '' && to === '') return { headers, body: bytes };
  const start = from === '' ? Math.max(0, bytes.length - Number(to)) : Number(from);
  const end = from === '' || to === '' ? bytes.length - 1 : Math.min(Number(to), bytes.length - 1);
  if (start > end) throw new StorageFault(416, 'requestedRangeNotSatisfiable', 'Request range not satisfiable');
  const content = `bytes ${start}-${end}/${bytes.length}`;
  return { status: 206, headers: { ...headers, 'content-range': content }, body: bytes.subarray(start, end + 1) };
}

interface ListPage {
  readonly objects: readonly StoredObject[];
  readonly prefixes: readonly string[];
  readonly next: string | undefined;
}

/** Objects and, with a delimiter, the "folders" below `prefix`; both count towards `maxResults` (at most 1,000). */
function listPage(rows: readonly StoredObject[], query: URLSearchParams): ListPage {
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const most = Math.min(Number(query.get('maxResults') ?? 1000) || 1000, 1000);
  const after = Buffer.from(query.get('pageToken') ?? '', 'base64url').toString();
  const found = new Map<string, StoredObject | undefined>();
  for (const object of rows) {
    if (!object.name.startsWith(prefix)) continue;
    const cut = delimiter === '' ? -1 : object.name.indexOf(delimiter, prefix.length);
    if (cut === -1) found.set(object.name, object);
    else found.set(object.name.slice(0, cut + delimiter.length), undefined);
  }
  const keys = [...found.keys()].filter(
    (key) => after === '' || Buffer.compare(Buffer.from(key), Buffer.from(after)) > 0,
  );
  const shown = keys.slice(0, most);
  const last = shown.at(-1);
  return {
    objects: shown.map((key) => found.get(key)).filter((object) => object !== undefined),
    prefixes: shown.filter((key) => found.get(key) === undefined),
    next: keys.length > most && last !== undefined ? Buffer.from(last).toString('base64url') : undefined,
  };
}
