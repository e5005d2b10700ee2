import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { describe, expect, test } from 'vitest';
import type { CommandDeps } from '../../src/commands/all.ts';
import { createRun } from '../../src/commands/run.ts';
import { createLog } from '../../src/log.ts';
import { openAccess } from '../../src/policy/access.ts';
import { type Audit, createAudit } from '../../src/policy/audit.ts';
import { privateRedis } from '../private-redis.ts';

const leia = { platform: 'slack', id: 'ULEIA', roles: [], channel: 'C1' } as const;
const luke = { platform: 'slack', id: 'ULUKE', roles: [], channel: 'C1' } as const;

async function startOps(deps: Partial<CommandDeps> = {}, audit?: Audit) {
  const stack = new AsyncDisposableStack();
  const server = stack.use(await privateRedis());
  const redis = stack.adopt(new Redis(server.url), (client) => client.disconnect());
  const dir = await mkdtemp(join(tmpdir(), 'dagobah-access-'));
  stack.defer(() => rm(dir, { recursive: true }));
  const file = join(dir, 'access.yaml');
  await writeFile(file, 'admin:\n  - slack:ULEIA\n');
  const log = createLog('silent');
  const run = createRun({
    access: await openAccess(file, { log }),
    audit: audit ?? createAudit({ redis }),
    log,
    commands: {
      systems: [
        { name: 'Slack', state: 'stand-in' },
        { name: 'Redis', state: 'real' },
      ],
      serving: async () => ({
        endpoint: '42',
        versions: [{ name: 'yoda@1', sharePercent: 100 }],
        profile: 'tiny',
        generation: 'at most 48 tokens, greedy',
      }),
      queue: async () => ({ open: 0, oldestAt: undefined, failed: 0 }),
      ...deps,
    },
  });
  const audited = async () => (await redis.xrange('{dagobah}:audit', '-', '+')).map(([, fields]) => fields.join(' '));
  return { run, file, audited, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

describe('an ops command', () => {
  test('answers an admin, to the asker alone, and says that it is a rehearsal', async () => {
    await using ops = await startOps();
    const outcome = await ops.run(leia, { text: 'status' });
    expect(outcome.visibility).toBe('asker');
    expect(outcome.text).toContain('yoda@1 (100 %)');
    expect(outcome.text).toContain('A rehearsal: Slack stood in for');
    expect((await ops.audited())[0]).toMatch(/slack:ULEIA.*status.*done/);
  });

  test('is refused to a member with their id and the line that would allow it, and audited', async () => {
    await using ops = await startOps();
    const outcome = await ops.run(luke, { text: 'status' });
    expect(outcome.text).toContain('- slack:ULUKE');
    expect(outcome.text).toContain('access.yaml');
    expect((await ops.audited())[0]).toMatch(/slack:ULUKE.*status.*refused/);
  });

  test('is refused before anything is parsed, so that a stranger learns no verb', async () => {
    await using ops = await startOps();
    const unknown = await ops.run(luke, { text: 'statsu foo bar' });
    expect(unknown.text).not.toContain('Did you mean');
    expect(unknown.text).toContain('Not for you');
  });

  test('that is mistyped gets a did-you-mean', async () => {
    await using ops = await startOps();
    expect((await ops.run(leia, { text: 'statsu' })).text).toContain('Did you mean `/yoda-ops status`?');
    expect((await ops.run(leia, { text: '' })).text).toContain('`/yoda-ops status`');
    expect((await ops.run(leia, { text: 'status now:1' })).text).toContain('takes no arguments');
    expect((await ops.run(leia, { verb: 'status', values: { now: 1 } })).text).toMatch(/now/);
  });

  test('that breaks says so with a reference and no inner detail', async () => {
    await using ops = await startOps({ queue: () => Promise.reject(new Error('secret inner detail')) });
    const { text } = await ops.run(leia, { text: 'status' });
    expect(text).toMatch(/^Something broke; reference `[a-z0-9-]{9}`/);
    expect(text).not.toContain('secret');
  });

  test('that was done says so although the audit log is out of reach, lest it be run again', async () => {
    await using ops = await startOps({}, { record: () => Promise.reject(new Error('Redis is away')) });
    expect((await ops.run(leia, { text: 'status' })).text).toContain('yoda@1');
    expect((await ops.run(luke, { text: 'status' })).text).not.toContain('yoda@1');
  });

  test('says that the endpoint does not answer instead of failing whole', async () => {
    await using ops = await startOps({ serving: () => Promise.reject(new Error('Vertex AI is away')) });
    expect((await ops.run(leia, { text: 'status' })).text).toContain('does not answer. Vertex AI is away');
  });

  test('follows the access file as it changes, and keeps the last good one when it breaks', async () => {
    await using ops = await startOps();
    await writeFile(ops.file, 'admin: [slack:ULUKE]\n');
    expect((await ops.run(luke, { text: 'status' })).text).toContain('yoda@1');
    await writeFile(ops.file, 'admin: [nonsense]\n# broken\n');
    expect((await ops.run(luke, { text: 'status' })).text).toContain('yoda@1');
    expect((await ops.run(leia, { text: 'status' })).text).toContain('Not for you');
  });

  test('may be run through a role that the platform vouches for', async () => {
    await using ops = await startOps();
    await writeFile(ops.file, 'operator: [discord-role:77]\n');
    const han = { platform: 'discord', id: '1', roles: ['77'], channel: '9' } as const;
    expect((await ops.run(han, { text: 'status' })).text).toContain('yoda@1');
    expect((await ops.run({ ...han, roles: ['78'] }, { text: 'status' })).text).toContain('- discord:1');
  });
});

describe('an access file', () => {
  test('that is broken at the start is refused with every fault', async () => {
    await using ops = await startOps();
    await writeFile(ops.file, 'admin: [Leia]\nboss: [slack:U1]\n');
    const opening = openAccess(ops.file, { log: createLog('silent') });
    await expect(opening).rejects.toThrow(/admin\.0.*slack:U123.*boss/s);
  });

  test('that has changed counts for all who ask at the same time', async () => {
    await using ops = await startOps();
    const access = await openAccess(ops.file, { log: createLog('silent') });
    await writeFile(ops.file, 'admin: [slack:ULUKE]\n');
    const asked = Array.from({ length: 5 }, () => access.roleOf(leia));
    expect(new Set(await Promise.all(asked))).toEqual(new Set(['member']));
  });

  test('that is missing makes everybody a member', async () => {
    const access = await openAccess('/nowhere/access.yaml', { log: createLog('silent') });
    expect(await access.roleOf(leia)).toBe('member');
  });
});
