import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { startSlack } from '../../emulators/slack/slack.ts';
import { luke } from '../../emulators/slack/world.ts';
import { freePort } from '../../scripts/redis.ts';
import { until } from '../queue/house.ts';

const root = join(import.meta.dirname, '../..');
const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).toReversed()) await step();
});

/** `npm run up` behind its set-up, in a data folder of its own and with this `.env`. */
async function up(options: { readonly port: number; readonly env?: string; readonly shell?: Record<string, string> }) {
  const dir = await mkdtemp(join(tmpdir(), 'dagobah-up-'));
  cleanUp.push(() => rm(dir, { recursive: true, force: true, maxRetries: 5 }));
  await writeFile(join(dir, '.env'), options.env ?? '');
  const args = ['scripts/up.ts', '--port', String(options.port), '--data', dir, '--env-file', join(dir, '.env')];
  const child = spawn('node', args, {
    cwd: root,
    env: { ...process.env, ...options.shell },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const heard = { text: '' };
  const hear = (chunk: Buffer) => {
    heard.text += chunk.toString();
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  cleanUp.push(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  return { child, heard, ended, dir };
}

/** Every process whose command line names this folder or that descends from this one. */
async function processesOf(dir: string, child: ChildProcess): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    if (Number(pid) === child.pid) continue;
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (command.includes(dir) || environment.includes(dir)) found.push(`${pid} ${command.replaceAll('\0', ' ')}`);
  }
  return found;
}

describe('npm run up', () => {
  test('starts everything on stand-ins, is ready within 15 s, and leaves no process behind', async () => {
    const port = await freePort();
    const began = Date.now();
    const run = await up({
      port,
      shell: { GOOGLE_CLOUD_PROJECT: 'somebody-elses-money', DISCORD_TOKEN: 'exported-by-chance' },
    });
    await until(() => /^ {2}ready$/m.test(run.heard.text) || run.child.exitCode !== null, 40_000);
    expect(run.heard.text).toMatch(
      /Slack +stand-in[\s\S]*Discord +stand-in[\s\S]*Google Cloud +stand-in[\s\S]*Redis +private/,
    );
    expect(run.heard.text).toContain(`http://127.0.0.1:${port}`);
    expect(run.heard.text).not.toContain('somebody-elses-money');
    // The promise is 15 s on an idle machine; other tests run beside this one.
    expect(Date.now() - began).toBeLessThan(40_000);
    const page = await fetch(`http://127.0.0.1:${port}/`);
    expect(page.status).toBe(200);
    expect((await processesOf(run.dir, run.child)).length).toBeGreaterThan(2);
    run.child.kill('SIGINT');
    expect(await run.ended).toBe(0);
    expect(await processesOf(run.dir, run.child)).toEqual([]);
  }, 90_000);

  test('talks to the real platform where .env has its credentials, and stands in for the rest', async () => {
    const manifest = await readFile(join(root, 'slack-manifest.yaml'), 'utf8');
    const tokens = {
      botToken: 'xoxb-1-real-enough',
      appToken: 'xapp-1-real-enough',
      signingSecret: 'not used here at all',
    };
    await using slack = await startSlack({ manifest, ...tokens });
    const env = [
      `SLACK_BOT_TOKEN=${tokens.botToken}`,
      `SLACK_APP_TOKEN=${tokens.appToken}`,
      `SLACK_API_URL=${slack.apiUrl}`,
      'DISCORD_TOKEN=',
      'LOG_LEVEL=warn',
    ].join('\n');
    const run = await up({ port: await freePort(), env });
    await until(() => /^ {2}ready$/m.test(run.heard.text) || run.child.exitCode !== null, 40_000);
    expect(run.heard.text).toMatch(/Slack +real +Socket Mode[\s\S]*Discord +stand-in/);
    await slack.say(luke.id, luke.direct, 'I am tired today.');
    await until(() => slack.transcript().some((entry) => entry.shown.includes('ired today, I am')), 15_000);
  }, 90_000);

  test('says in one line that its port is taken, and how to take another', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    cleanUp.push(() => new Promise((resolve) => other.close(resolve)));
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const run = await up({ port });
    expect(await run.ended).toBe(1);
    const words = run.heard.text.split('\n').filter((line) => line.includes('taken'));
    expect(words).toHaveLength(1);
    expect(words[0]).toMatch(/Port \d+ is taken.*npm run up -- --port \d+/);
  }, 40_000);

  test('stops at a remote Redis that does not answer, and at settings that cannot be', async () => {
    const silent = await up({ port: await freePort(), env: 'REDIS_URL=redis://redis.invalid:6379\n' });
    expect(await silent.ended).toBe(1);
    expect(silent.heard.text).toMatch(/No Redis answers at REDIS_URL \(redis\.invalid:6379\)/);
    const wrong = await up({ port: await freePort(), env: 'LOG_LEVEL=loud\n' });
    expect(await wrong.ended).toBe(1);
    expect(wrong.heard.text).toContain('LOG_LEVEL');
  }, 60_000);

  test('does not take a port that is no port', async () => {
    const run = await up({ port: 99_999 });
    expect(await run.ended).toBe(1);
    expect(run.heard.text).toContain('--port 99999 is not a port');
  });
});
