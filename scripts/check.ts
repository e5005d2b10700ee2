// npm test: format and lint, types, unused code, every TypeScript and Python test; ends with one line of counts.
import { spawn } from 'node:child_process';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const root = join(import.meta.dirname, '..');
const reports = join(root, '.data', 'reports');

interface Check {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  /** Counts of a test runner; a check without them counts as one test. */
  readonly counts?: () => Promise<Counts>;
}
interface Counts {
  readonly passed: number;
  readonly failed: number;
}

const python = join(root, '.venv', 'bin', 'python');
const checks: readonly Check[] = [
  { name: 'Format and lint', command: ['biome', 'ci', '--error-on-warnings'] },
  { name: 'Types', command: ['tsc'] },
  { name: 'Unused code', command: ['knip'] },
  { name: 'Python format and lint', command: [python, '-m', 'ruff', 'check', 'training', 'handler'] },
  {
    name: 'TypeScript tests',
    command: [
      'vitest',
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${join(reports, 'vitest.json')}`,
    ],
    counts: vitestCounts,
  },
  {
    name: 'Python tests',
    command: [
      python,
      '-m',
      'pytest',
      '-q',
      '--color=no',
      `--junitxml=${join(reports, 'pytest.xml')}`,
      'training',
      'handler',
    ],
    counts: pytestCounts,
  },
];

async function vitestCounts(): Promise<Counts> {
  const report = z
    .object({ numPassedTests: z.number(), numFailedTests: z.number(), numFailedTestSuites: z.number() })
    .parse(JSON.parse(await readFile(join(reports, 'vitest.json'), 'utf8')));
  // A file that cannot even be loaded has no failed test of its own.
  return {
    passed: report.numPassedTests,
    failed: Math.max(report.numFailedTests, Math.min(1, report.numFailedTestSuites)),
  };
}

async function pytestCounts(): Promise<Counts> {
  const report = await readFile(join(reports, 'pytest.xml'), 'utf8');
  const count = (what: string) => Number(new RegExp(`<testsuite [^>]*\\b${what}="(\\d+)"`).exec(report)?.[1]);
  const failed = count('failures') + count('errors');
  return { passed: count('tests') - failed - count('skipped'), failed };
}

function run([program, ...args]: Check['command']): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
    child.once('error', (error) => {
      process.stdout.write(`${error.message}\n`);
      resolve(false);
    });
    child.once('exit', (code) => resolve(code === 0));
  });
}

async function countsOf(check: Check, passed: boolean): Promise<Counts> {
  if (check.counts === undefined) return { passed: Number(passed), failed: Number(!passed) };
  const counts = await check.counts().catch(() => ({ passed: 0, failed: 1 }));
  // A runner that fails without a failed test (a crash, a leak) fails all the same.
  return passed ? counts : { ...counts, failed: Math.max(1, counts.failed) };
}

await rm(reports, { recursive: true, force: true });
await mkdir(reports, { recursive: true });
let passed = 0;
let failed = 0;
for (const check of checks) {
  const began = Date.now();
  process.stdout.write(`\n== ${check.name}\n`);
  const counts = await countsOf(check, await run(check.command));
  passed += counts.passed;
  failed += counts.failed;
  process.stdout.write(
    `== ${check.name}: ${counts.failed === 0 ? 'good' : 'FAILED'}, ${((Date.now() - began) / 1000).toFixed(1)} s\n`,
  );
}
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exit(failed === 0 ? 0 : 1);
