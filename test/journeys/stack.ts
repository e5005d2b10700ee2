import { type ChildProcess, fork } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDiscord } from '../../emulators/discord/discord.ts';
import { type GcpEmulator, startGcp } from '../../emulators/gcp/start.ts';
import { startSlack } from '../../emulators/slack/slack.ts';
import { freePort } from '../../scripts/redis.ts';
import { privateRedis } from '../private-redis.ts';

const root = join(import.meta.dirname, '../..');
const endpointId = '4242424242424242424';

/** What the scripted model answers to a prompt; the tiny Yoda instead when absent. */
type Scripted = (prompt: string) => Promise<string> | string;

export interface StackOptions {
  readonly model?: Scripted;
  /** Slack's events over signed HTTP instead of Socket Mode. */
  readonly slackOverHttp?: boolean;
  /** The processes to start and their roles; by default one that does all. */
  readonly processes?: readonly (readonly ('bots' | 'worker')[])[];
  readonly settings?: Readonly<Record<string, string>>;
}

export interface Service {
  readonly process: ChildProcess;
  /** Every line it logged. */
  readonly lines: string[];
  kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
}

/** The whole product: real service processes on a Redis of their own, between the emulated outside systems. */
export async function startStack(options: StackOptions = {}) {
  const stack = new AsyncDisposableStack();
  const dataDir = await mkdtemp(join(tmpdir(), 'dagobah-stack-'));
  stack.defer(() => rm(dataDir, { recursive: true, force: true }));
  const redis = stack.use(await privateRedis());
  const gcp = stack.use(
    await startGcp({
      project: 'dagobah-test',
      projectNumber: '123456789012',
      location: 'us-central1',
      dataDir,
      python: join(root, '.venv/bin/python'),
      serveScript: join(root, 'handler/serve.py'),
    }),
  );
  const prompts: string[] = [];
  await deployModel(gcp, options.model, prompts);
  const eventsPort = await freePort();
  const tokens = { botToken: 'xoxb-0-test-bot', appToken: 'xapp-0-test-app', signingSecret: 'test-signing-secret' };
  const slack = stack.use(
    await startSlack({
      manifest: await readFile(join(root, 'slack-manifest.yaml'), 'utf8'),
      ...tokens,
      retryDelaysMs: [0, 500, 1000],
      ...(options.slackOverHttp ? { eventsUrl: `http://127.0.0.1:${eventsPort}/slack/events` } : {}),
    }),
  );
  const discord = stack.use(await startDiscord({ token: 'test-discord-token-0000' }));
  const environment = {
    ...gcp.environment,
    GOOGLE_CLOUD_PROJECT: 'dagobah-test',
    VERTEX_ENDPOINT_ID: endpointId,
    SLACK_BOT_TOKEN: tokens.botToken,
    ...(options.slackOverHttp ? { SLACK_SIGNING_SECRET: tokens.signingSecret } : { SLACK_APP_TOKEN: tokens.appToken }),
    SLACK_API_URL: slack.apiUrl,
    DISCORD_TOKEN: 'test-discord-token-0000',
    DISCORD_API_URL: discord.apiUrl,
    REDIS_URL: redis.url,
    ACCESS_FILE: join(root, 'emulators/access.yaml'),
    STAND_INS: 'slack,discord,gcp',
    PORT: String(eventsPort),
    ...options.settings,
  };
  const start = async (roles: readonly string[]): Promise<Service> => {
    const service = await startService(roles, environment);
    stack.defer(() => service.kill('SIGTERM'));
    return service;
  };
  const services: Service[] = [];
  for (const roles of options.processes ?? [['bots', 'worker']]) services.push(await start(roles));
  return { gcp, slack, discord, redis, prompts, services, start, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

export type Stack = Awaited<ReturnType<typeof startStack>>;

async function deployModel(gcp: GcpEmulator, model: Scripted | undefined, prompts: string[]): Promise<void> {
  const seeded = await gcp.seedModel({
    artifactDir: join(root, 'training/tiny/yoda'),
    handlerFile: join(root, 'handler/handler.py'),
    displayName: 'yoda-tiny',
    labels: { profile: 'tiny' },
  });
  if (model === undefined) {
    await gcp.seedEndpoint({ id: endpointId, displayName: 'yoda', modelVersion: seeded.name, dedicated: true });
    return;
  }
  await gcp.deployStub(
    async (body) => {
      const { instances } = body as { instances: { prompt: string }[] };
      const predictions = await Promise.all(
        instances.map(async ({ prompt }) => {
          prompts.push(prompt);
          const generated_text = await model(prompt);
          return { generated_text, finish_reason: 'stop', prompt_tokens: 1, completion_tokens: 1, latency_ms: 1 };
        }),
      );
      return { status: 200, body: { predictions } };
    },
    { id: endpointId, displayName: 'yoda', modelVersion: seeded.name, dedicated: true },
  );
}

async function startService(roles: readonly string[], settings: Readonly<Record<string, string>>): Promise<Service> {
  const { PATH = '', HOME = '' } = process.env;
  const child = fork(join(root, 'src/main.ts'), roles, {
    env: { PATH, HOME, ...settings },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const lines: string[] = [];
  const keep = (chunk: Buffer) => lines.push(...chunk.toString().trimEnd().split('\n'));
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve());
    child.once('exit', (code) =>
      reject(new Error(`The service ended (${code}) before it was ready:\n${lines.join('\n')}`)),
    );
  });
  return {
    process: child,
    lines,
    async kill(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill(signal);
      await gone;
    },
  };
}

/** What stands behind the last user turn of a prompt, for scripted models. */
export function question(prompt: string): string {
  return /<\|user\|>\n([\s\S]*?)<\|end\|>\n<\|assistant\|>\n$/.exec(prompt)?.[1] ?? '';
}
