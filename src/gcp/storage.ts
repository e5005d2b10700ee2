import { UserError } from '../errors.ts';
import type { Google } from './client.ts';
import { GoogleError } from './errors.ts';

/** The bytes of `gs://bucket/object`, at most 64 MiB. A UserError when there is no such object. */
export async function readObject(uri: string, deps: { readonly google: Google }): Promise<Buffer> {
  const [, bucket, object] = /^gs:\/\/([^/]+)\/(.+)$/.exec(uri) ?? [];
  if (bucket === undefined || object === undefined)
    throw new UserError(`${uri} is no address of the form gs://bucket/object.`);
  const path = `/storage/v1/b/${encodeURIComponent(bucket)}/o/${encodeURIComponent(object)}`;
  const url = `${deps.google.storageUrl}${path}?alt=media`;
  const reply = await deps.google.request({ method: 'GET', url, timeoutMs: 60_000 }).catch((error: unknown) => {
    if (!(error instanceof GoogleError) || error.status !== 404) throw error;
    throw new UserError(`There is no object ${uri}.`, { cause: error });
  });
  return reply.body;
}
