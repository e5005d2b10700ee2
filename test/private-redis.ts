import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PrivateRedis, startRedis } from '../scripts/redis.ts';

/** A Redis for one test file, in a folder of its own that goes with it. */
export async function privateRedis(options: { readonly appendonly?: boolean } = {}): Promise<PrivateRedis> {
  const dir = await mkdtemp(join(tmpdir(), 'dagobah-redis-'));
  const redis = await startRedis({ dir, ...options });
  return {
    ...redis,
    async [Symbol.asyncDispose]() {
      await redis[Symbol.asyncDispose]();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
