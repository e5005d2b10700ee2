import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const plainTools = [
  'bash',
  'cat',
  'cksum',
  'dirname',
  'grep',
  'head',
  'mktemp',
  'printf',
  'rm',
  'sleep',
  'tail',
  'tr',
  'uname',
];

/** A folder of its own with our set-up script, on a machine that has nothing but the plain tools and what is named. */
async function bareMachine(programs: Readonly<Record<string, string>>) {
  const dir = await mkdtemp(join(tmpdir(), 'dagobah-bare-'));
  const bin = join(dir, 'bin');
  await mkdir(bin);
  await mkdir(join(dir, 'scripts'));
  await copyFile(join(root, 'scripts/setup.sh'), join(dir, 'scripts/setup.sh'));
  await writeFile(join(dir, 'package-lock.json'), '{}');
  for (const tool of plainTools) await symlink(`/usr/bin/${tool}`, join(bin, tool));
  for (const [name, script] of Object.entries(programs)) {
    await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`);
    await chmod(join(bin, name), 0o755);
  }
  return {
    setUp: () =>
      new Promise<{ code: number; said: string }>((resolve) => {
        const child = execFile(
          '/usr/bin/bash',
          [join(dir, 'scripts/setup.sh')],
          { env: { PATH: bin } },
          (_error, out, err) => resolve({ code: child.exitCode ?? -1, said: `${out}${err}` }),
        );
      }),
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true }),
  };
}

const lines = (text: string) => text.split('\n').filter((line) => line.trim() !== '');

describe('the set-up', () => {
  test('says in one line that Python is too old, and what to do', async () => {
    await using machine = await bareMachine({
      python3: 'case "$1" in --version) echo Python 3.9.2;; *) exit 1;; esac',
    });
    const { code, said } = await machine.setUp();
    expect(code).toBe(1);
    expect(lines(said)).toHaveLength(1);
    expect(said).toMatch(
      /Python 3\.11 or newer is needed.*has Python 3\.9\.2.*apt-get install python3\.11.*brew install/,
    );
  });

  test('says in one line that there is no Python at all', async () => {
    await using machine = await bareMachine({});
    expect(await machine.setUp()).toMatchObject({ code: 1, said: expect.stringContaining('has no Python') });
  });

  test('names Homebrew, compose and REDIS_URL where Redis cannot be installed', async () => {
    await using machine = await bareMachine({ 'python3.11': 'exit 0', id: 'echo 1000' });
    const { code, said } = await machine.setUp();
    expect(code).toBe(1);
    expect(lines(said)).toHaveLength(1);
    expect(said).toMatch(/Redis.*brew install redis.*docker compose up -d redis.*REDIS_URL/);
  });

  test('shows the last words of what could not be installed', async () => {
    await using machine = await bareMachine({
      'python3.11': 'exit 0',
      'redis-server': 'exit 0',
      npm: 'echo the registry is away; exit 1',
    });
    const { code, said } = await machine.setUp();
    expect(code).toBe(1);
    expect(said).toContain('about 0.45 GB to download');
    expect(said).toContain('the registry is away');
    expect(said).toContain('Node packages (0.2 GB) could not be installed');
  });
});
