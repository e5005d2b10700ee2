import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { freePort } from '../scripts/redis.ts';
import { privateRedis } from './private-redis.ts';

const main = join(import.meta.dirname, '../src/main.ts');

/** Runs the service until it ends by itself. */
function run(environment: Readonly<Record<string, string>>, ...roles: string[]) {
  const { PATH = '' } = process.env;
  const child = spawn('node', [main, ...roles], { env: { PATH, HOME: '/nowhere', ...environment } });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  return new Promise<{ code: number | null; said: string }>((resolve) =>
    child.once('exit', (code) => resolve({ code, said })),
  );
}

const settings = {
  DISCORD_TOKEN: 'not-a-token-not-a-token',
  DISCORD_API_URL: 'http://127.0.0.1:9/api',
  GOOGLE_CLOUD_PROJECT: 'p',
  VERTEX_ENDPOINT_ID: '1',
  METADATA_SERVER_DETECTION: 'none',
};

describe('the service fails at the door, in words', () => {
  test('for settings that are missing: all of them at once', async () => {
    const { code, said } = await run({});
    expect(code).toBe(1);
    for (const name of ['REDIS_URL', 'SLACK_BOT_TOKEN', 'GOOGLE_CLOUD_PROJECT', 'VERTEX_ENDPOINT_ID']) {
      expect(said).toContain(name);
    }
    expect(said).not.toContain('at '.padStart(7));
  });

  test('for a role that does not exist', async () => {
    expect(await run(settings, 'wroker')).toMatchObject({
      code: 1,
      said: expect.stringMatching(/no role wroker; say bots, worker/),
    });
  });

  test('for a Redis that does not answer', async () => {
    const { code, said } = await run({ ...settings, REDIS_URL: `redis://127.0.0.1:${await freePort()}` });
    expect(code).toBe(1);
    expect(said).toMatch(/Redis does not answer at REDIS_URL/);
  });

  test('for a Redis that would lose messages, with the command that mends it', async () => {
    await using redis = await privateRedis({ appendonly: false });
    const { code, said } = await run({ ...settings, REDIS_URL: redis.url });
    expect(code).toBe(1);
    expect(said).toMatch(/keeps no append-only file.*config set appendonly yes.*REDIS_ALLOW_VOLATILE=1/);
  });

  test('for Google credentials that are missing: one line, never a crash', async () => {
    await using redis = await privateRedis();
    const { code, said } = await run({ ...settings, REDIS_URL: redis.url });
    expect(code).toBe(1);
    expect(said.trim().split('\n')).toHaveLength(1);
    expect(said).toMatch(/No credentials for Google Cloud.*gcloud auth application-default login/);
  });
});
