import type { Redis } from 'ioredis';
import { keyPrefix } from '../queue/connection.ts';

const daySeconds = 24 * 60 * 60;

/**
 * Does something at most once per id within a day, in all processes together. What failed may be done again: the id is
 * free then, and the fault goes on to the caller.
 */
export function createOnce(redis: Redis): (id: string, act: () => Promise<void>) => Promise<void> {
  return async (id, act) => {
    const key = `${keyPrefix}:once:${id}`;
    if ((await redis.set(key, '1', 'EX', daySeconds, 'NX')) === null) return;
    try {
      await act();
    } catch (error) {
      await redis.del(key);
      throw error;
    }
  };
}
