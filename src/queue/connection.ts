import { Redis } from 'ioredis';
import { UserError } from '../errors.ts';
import type { Log } from '../log.ts';

/** Every key of ours and of BullMQ carries one hash tag, so that a Redis Cluster keeps them in one slot. */
export const keyPrefix = '{dagobah}';
export const bullPrefix = `${keyPrefix}:bull`;

/**
 * `ask` fails fast, for whoever must say "not stored" in time for the platform to send again (Slack waits 3 s);
 * `work` waits for ever, as BullMQ's workers want it.
 */
export function connect(url: string, purpose: 'ask' | 'work', log: Log): Redis {
  const shared = { enableReadyCheck: true, retryStrategy: (times: number) => Math.min(50 * 2 ** times, 1000) };
  const redis =
    purpose === 'ask'
      ? new Redis(url, { ...shared, maxRetriesPerRequest: 1, commandTimeout: 2000, connectTimeout: 2000 })
      : new Redis(url, { ...shared, maxRetriesPerRequest: null });
  let down = false;
  redis.on('error', (error) => {
    if (!down) log.warn({ err: error.message, purpose }, 'Redis does not answer; trying again until it does');
    down = true;
  });
  redis.on('ready', () => {
    if (down) log.info({ purpose }, 'Redis answers again');
    down = false;
  });
  return redis;
}

/** Refuses a Redis that would lose messages: no append-only file, or a policy that throws keys away. */
export async function checkDurable(redis: Redis, options: { readonly allowVolatile: boolean }): Promise<void> {
  const [persistence, memory] = await Promise.all([redis.info('persistence'), redis.info('memory')]).catch((cause) => {
    throw new UserError('Redis does not answer at REDIS_URL. Start it, or correct the address.', { cause });
  });
  if (options.allowVolatile) return;
  if (!/aof_enabled:1/.test(persistence)) {
    throw new UserError(
      'This Redis keeps no append-only file, so a restart would lose messages. Run `redis-cli config set appendonly yes`, or set REDIS_ALLOW_VOLATILE=1 to accept that.',
    );
  }
  const policy = /maxmemory_policy:(\S+)/.exec(memory)?.[1];
  if (policy !== undefined && policy !== 'noeviction') {
    throw new UserError(
      `This Redis throws keys away when memory is short (maxmemory-policy ${policy}). Run \`redis-cli config set maxmemory-policy noeviction\`, or set REDIS_ALLOW_VOLATILE=1 to accept that.`,
    );
  }
}
