import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { freePort, ping, startRedis } from './redis.ts';
import { SetupError } from './setup-error.ts';

/** A Redis that `npm run up` started and stops. */
export interface OwnRedis extends AsyncDisposable {
  readonly url: string;
}

/** The Redis of REDIS_URL where it answers; one of our own where none is named, or where a local address is silent. */
export async function redisFor(named: string | undefined, dir: string): Promise<OwnRedis | undefined> {
  if (named !== undefined) {
    const url = URL.canParse(named) ? new URL(named) : undefined;
    if (url === undefined)
      throw new SetupError(`REDIS_URL is not an address: ${named}. Write it like redis://127.0.0.1:6379.`);
    const port = Number(url.port || '6379');
    if (url.protocol === 'rediss:' || (await ping(url.hostname, port))) return undefined;
    if (!['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname)) {
      throw new SetupError(
        `No Redis answers at REDIS_URL (${url.host}). Start it, correct the address in .env, or remove the line to use a private one.`,
      );
    }
    return ownRedis(dir, port);
  }
  return ownRedis(dir, await freePort());
}

async function ownRedis(dir: string, port: number): Promise<OwnRedis> {
  await endLeftover(dir);
  const started = await startRedis({ dir, port, detached: true }).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT')
      throw new SetupError(
        'redis-server is not installed. Debian: apt-get install redis-server; macOS: brew install redis; or name one as REDIS_URL in .env.',
      );
    throw new SetupError(`The private Redis does not start: ${cause.message}`);
  });
  const owner = join(dir, 'owner.json');
  await writeFile(owner, JSON.stringify({ run: process.pid, redis: started.process.pid, port }));
  return {
    url: started.url,
    async [Symbol.asyncDispose]() {
      await started[Symbol.asyncDispose]();
      await rm(owner, { force: true });
    },
  };
}

const ownerSchema = z.object({ run: z.number(), redis: z.number(), port: z.number() });

/** A run that was killed outright leaves its Redis behind, and two must never write one file. */
async function endLeftover(dir: string): Promise<void> {
  const text = await readFile(join(dir, 'owner.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return;
  const owner = ownerSchema.parse(JSON.parse(text));
  if (!(await ping('127.0.0.1', owner.port))) return rm(join(dir, 'owner.json'));
  if (isAlive(owner.run)) {
    throw new SetupError(
      `This already runs here, as process ${owner.run}. Stop it first (Ctrl-C there, or kill ${owner.run}).`,
    );
  }
  process.kill(owner.redis, 'SIGTERM');
  while (await ping('127.0.0.1', owner.port)) await new Promise((resolve) => setTimeout(resolve, 50));
  await rm(join(dir, 'owner.json'));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
