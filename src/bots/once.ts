import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { keyPrefix } from '../queue/connection.ts';

const daySeconds = 24 * 60 * 60;

const releaseScript = `if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end`;

/**
 * Does something at most once per id within a day, in all processes together. What failed may be done again: the id is
 * free then, and the fault goes on to the caller.
 */
export function createOnce(redis: Redis): (id: string, act: () => Promise<void>) => Promise<void> {
  /** A claim that is there already may be this very one: the client says it again when a connection breaks. */
  const claimed = async (key: string, claim: string) =>
    (await redis.set(key, claim, 'EX', daySeconds, 'NX')) !== null || (await redis.get(key)) === claim;

  return async (id, act) => {
    const key = `${keyPrefix}:once:${id}`;
    const claim = randomUUID();
    try {
      if (await claimed(key, claim)) await act();
    } catch (error) {
      // Also when Redis was too slow to confirm the claim: it may have heard it, and hears this after it.
      await redis.eval(releaseScript, 1, key, claim).catch(() => undefined);
      throw error;
    }
  };
}
