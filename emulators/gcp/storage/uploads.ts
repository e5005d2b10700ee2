import { z } from 'zod';
import type { Call, Route } from '../../core/server.ts';
import type { Tokens } from '../auth.ts';
import { StorageFault } from '../errors.ts';
import type { Disk } from './disk.ts';
import { bucketPath, checkGeneration, existingBucket, objectJson } from './objects.ts';

const metadataSchema = z.looseObject({ name: z.string().optional(), contentType: z.string().optional() });

interface Upload {
  readonly name: string;
  readonly contentType: string;
  readonly bytes: Buffer;
}

/** Cloud Storage JSON API: uploads in one request, simple (`media`) or with metadata (`multipart`). */
export function uploadRoutes(deps: {
  readonly disk: Disk;
  readonly tokens: Tokens;
  readonly url: () => string;
}): readonly Route[] {
  const upload: Route = {
    method: 'POST',
    path: `/upload${bucketPath}/o`,
    async handle(call) {
      const bucket = await existingBucket(deps.disk, call);
      const { name, bytes, contentType } = readUpload(call);
      if (name === '') throw new StorageFault(400, 'required', 'Required parameter: name');
      checkGeneration(call.query, await deps.disk.find(bucket, name));
      const object = await deps.disk.write(bucket, name, bytes, contentType);
      return { body: await objectJson(deps.disk, object, deps.url()) };
    },
  };
  return [deps.tokens.guard('storage.objects.create', upload)];
}

function readUpload(call: Call): Upload {
  const contentType = call.headers['content-type'] ?? 'application/octet-stream';
  const name = call.query.get('name') ?? '';
  const type = call.query.get('uploadType');
  if (type === 'media') return { name, contentType, bytes: call.body };
  if (type === 'multipart') return readMultipart(call.body, contentType, name);
  throw new StorageFault(400, 'invalid', `The emulator does not take uploadType '${type ?? ''}'.`);
}

/** multipart/related (RFC 2387): a JSON part with the metadata, then the content. */
function readMultipart(body: Buffer, contentType: string, queryName: string): Upload {
  const [, boundary] = /boundary="?([^";]+)"?/.exec(contentType) ?? [];
  if (boundary === undefined) throw new StorageFault(400, 'badRequest', 'Missing boundary in multipart request.');
  const [first, second] = partsOf(body, Buffer.from(`--${boundary}`));
  if (first === undefined || second === undefined)
    throw new StorageFault(400, 'badRequest', 'Malformed multipart body.');
  const metadata = metadataSchema.parse(JSON.parse(first.content.toString('utf8')));
  const declared = /^content-type:\s*(.+?)\s*$/im.exec(second.headers)?.[1];
  return {
    name: metadata.name ?? queryName,
    contentType: metadata.contentType ?? declared ?? 'application/octet-stream',
    bytes: second.content,
  };
}

function partsOf(body: Buffer, mark: Buffer): { headers: string; content: Buffer }[] {
  const parts: { headers: string; content: Buffer }[] = [];
  for (let from = body.indexOf(mark); from !== -1; ) {
    const start = from + mark.length;
    const to = body.indexOf(mark, start);
    const blank = body.indexOf('\r\n\r\n', start);
    if (to === -1 || blank === -1 || blank > to) break;
    // The line break before a boundary belongs to the boundary.
    parts.push({ headers: body.toString('latin1', start, blank), content: body.subarray(blank + 4, to - 2) });
    from = to;
  }
  return parts;
}
