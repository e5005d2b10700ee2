// npm run up [-- --port 8801]: starts what is not configured as a stand-in, then the service, and prints one address.
import { type ChildProcess, fork } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs, parseEnv } from 'node:util';
import { z } from 'zod';
import { settingNames } from '../src/config.ts';
import { type OwnRedis, redisFor } from './own-redis.ts';
import { SetupError } from './setup-error.ts';

const root = join(import.meta.dirname, '..');
const { values: options } = parseArgs({
  options: {
    port: { type: 'string', default: '8800' },
    data: { type: 'string', default: join(root, '.data') },
    'env-file': { type: 'string', default: join(root, '.env') },
  },
});
const data = resolve(options.data);

type Settings = Record<string, string>;
interface System {
  readonly name: string;
  readonly state: 'real' | 'stand-in' | 'off' | 'private';
  readonly detail: string;
}

const running: ChildProcess[] = [];
let redis: OwnRedis | undefined;
let stopping = false;

async function up(): Promise<void> {
  const port = portOf(options.port);
  const settings = await readSettings();
  await mkdir(join(data, 'log'), { recursive: true });
  const standIns = whatIsMissing(settings);
  redis = await redisFor(settings.REDIS_URL, join(data, 'redis'));
  const systems = describe(settings, standIns);
  if (redis !== undefined) settings.REDIS_URL = redis.url;
  if (standIns.length > 0) Object.assign(settings, await startEmulators(standIns, port, systems));
  settings.STAND_INS = standIns.join(',');
  await startService(settings);
  const chats = standIns.includes('slack') || standIns.includes('discord');
  say([
    '',
    ...systems.map(({ name, state, detail }) => `  ${name.padEnd(14)}${state.padEnd(10)}${detail}`),
    '',
    chats ? `  http://127.0.0.1:${port}` : '  Write to Yoda in your workspace.',
    '  ready',
    '',
    '  Ctrl-C stops everything. Logs: .data/log/',
  ]);
}

/** `.env` alone: credentials that happen to be exported in a shell are not ours to spend. */
async function readSettings(): Promise<Settings> {
  const text = await readFile(options['env-file'], 'utf8').catch(() => '');
  return Object.fromEntries(Object.entries(parseEnv(text)).filter((entry): entry is [string, string] => !!entry[1]));
}

function whatIsMissing(settings: Settings): string[] {
  const slack = settings.SLACK_BOT_TOKEN && (settings.SLACK_APP_TOKEN || settings.SLACK_SIGNING_SECRET);
  const google = settings.GOOGLE_CLOUD_PROJECT ?? settings.GCP_VERTEX_PROJECT_ID ?? settings.GCP_PROJECT_NUMBER;
  return [...(slack ? [] : ['slack']), ...(settings.DISCORD_TOKEN ? [] : ['discord']), ...(google ? [] : ['gcp'])];
}

function describe(settings: Settings, standIns: readonly string[]): System[] {
  const row = (name: string, key: string, real: string, instead: string): System =>
    standIns.includes(key) ? { name, state: 'stand-in', detail: instead } : { name, state: 'real', detail: real };
  return [
    row(
      'Slack',
      'slack',
      settings.SLACK_APP_TOKEN ? 'Socket Mode' : 'signed HTTP',
      'for the real one: SLACK_BOT_TOKEN and SLACK_APP_TOKEN in .env',
    ),
    row('Discord', 'discord', 'gateway', 'for the real one: DISCORD_TOKEN in .env'),
    row(
      'Google Cloud',
      'gcp',
      settings.GOOGLE_CLOUD_PROJECT ?? '',
      'serves the tiny Yoda here; for the real one: GOOGLE_CLOUD_PROJECT in .env',
    ),
    redis === undefined
      ? { name: 'Redis', state: 'real', detail: 'REDIS_URL' }
      : { name: 'Redis', state: 'private', detail: 'append-only file under .data/redis' },
  ];
}

function portOf(value: string): number {
  const port = Number(value);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new SetupError(`--port ${value} is not a port. Give a number from 1 to 65535, for example --port 8801.`);
}

const emulatorsReady = z.object({ settings: z.record(z.string(), z.string()) });
const failed = z.object({ failed: z.string() });

/** Starts the stand-ins; resolves with the settings by which the service finds them. */
async function startEmulators(
  standIns: readonly string[],
  port: number,
  systems: readonly System[],
): Promise<Settings> {
  say([
    '',
    `  Starting stand-ins: ${standIns.join(', ')}${standIns.includes('gcp') ? ' (the model takes a few seconds to load)' : ''} …`,
  ]);
  const args = [
    '--only',
    standIns.join(','),
    '--port',
    String(port),
    '--data',
    data,
    '--python',
    join(root, '.venv/bin/python'),
  ];
  for (const { name, state } of systems) args.push('--about', `${name}=${state}`);
  const ready = await start('emulators/main.ts', args, processEnvironment({}), emulatorsReady);
  return ready.settings;
}

async function startService(settings: Settings): Promise<void> {
  await start('src/main.ts', ['bots', 'worker'], processEnvironment(settings), z.object({ ready: z.literal(true) }));
}

/** What the machine needs (PATH, HOME, locale, proxies), without any setting of ours that a shell may have exported. */
function processEnvironment(settings: Settings): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !settingNames.has(name) && !/^(GOOGLE_|GCE_|CLOUDSDK_)/.test(name),
  );
  return { ...Object.fromEntries(inherited), ...settings };
}

/** Starts a part in a process group of its own, so that Ctrl-C reaches us alone and we stop the parts in order. */
async function start<Ready>(
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  ready: z.ZodType<Ready>,
): Promise<Ready> {
  const child = fork(join(root, file), args, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  running.push(child);
  const log = createWriteStream(join(data, 'log', `${file.replace(/\/main\.ts$/, '')}.log`));
  child.stdout?.pipe(log);
  let lastWords = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    log.write(chunk);
    lastWords = (lastWords + chunk.toString()).slice(-4000);
  });
  const result = await new Promise<Ready>((resolve, reject) => {
    child.on('message', (message) => {
      const refused = failed.safeParse(message);
      if (refused.success) return reject(new SetupError(refused.data.failed));
      const parsed = ready.safeParse(message);
      if (parsed.success) resolve(parsed.data);
    });
    child.once('exit', () =>
      reject(new SetupError(lastWords.trim() || `${file} ended before it was ready; .data/log says more.`)),
    );
  });
  child.once('exit', (code) => {
    if (stopping) return;
    process.stderr.write(
      `\n  ${file} ended (${code}). ${lastWords.trim().split('\n').at(-1) ?? ''}\n  .data/log says more.\n`,
    );
    void stop(1);
  });
  return result;
}

/** The service first, so that it can hand back what it holds; then the stand-ins; Redis last. */
async function stop(code: number): Promise<void> {
  if (stopping) return;
  stopping = true;
  for (const child of running.toReversed()) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    const patience = setTimeout(() => child.kill('SIGKILL'), 20_000);
    await gone;
    clearTimeout(patience);
  }
  await redis?.[Symbol.asyncDispose]();
  process.exit(code);
}

function say(lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}

process.on('SIGINT', () => void stop(0));
process.on('SIGTERM', () => void stop(0));
process.on('SIGHUP', () => void stop(0));
up().catch(async (error: unknown) => {
  process.stderr.write(
    `\n  ${error instanceof SetupError ? error.message : error instanceof Error ? error.stack : String(error)}\n\n`,
  );
  await stop(1);
});
