// node emulators/main.ts [--only slack,discord,gcp]: the stand-ins and, where people can talk, the playground.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Scene } from './core/scene.ts';
import { startDiscord } from './discord/discord.ts';
import { startGcp } from './gcp/start.ts';
import { startPlayground } from './playground/server.ts';
import { startSlack } from './slack/slack.ts';

const root = join(import.meta.dirname, '..');

// Obviously not secrets: they open nothing but the stand-ins.
const tokens = {
  slackBot: 'xoxb-0000-stand-in-bot',
  slackApp: 'xapp-0-stand-in-app',
  slackSigning: 'stand-in-signing-secret',
  discord: 'stand-in-discord-token',
} as const;
const google = { project: 'dagobah-stand-in', projectNumber: '123456789012', location: 'us-central1' } as const;
const endpointId = '4242424242424242424';

type Settings = Readonly<Record<string, string>>;

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: 'slack,discord,gcp' },
    port: { type: 'string', default: '8800' },
    host: { type: 'string', default: '127.0.0.1' },
    'slack-port': { type: 'string', default: '0' },
    'discord-port': { type: 'string', default: '0' },
    'gcp-port': { type: 'string', default: '0' },
    data: { type: 'string', default: join(root, '.data') },
    python: { type: 'string', default: 'python3' },
    /** `Name=state`, shown in the playground. */
    about: { type: 'string', multiple: true, default: [] },
  },
});

async function main(stack: AsyncDisposableStack): Promise<void> {
  const only = new Set(options.only.split(','));
  const settings: Settings[] = [];
  const scenes: Scene[] = [];
  if (only.has('slack')) settings.push(await slack(stack, scenes));
  if (only.has('discord')) settings.push(await discord(stack, scenes));
  // The page before the model, which takes seconds to load: a port that is taken is said at once.
  if (scenes.length > 0) {
    const about = options.about.map((pair) => ({ system: pair.split('=')[0] ?? '', state: pair.split('=')[1] ?? '' }));
    stack.use(
      await startPlayground({ port: Number(options.port), host: options.host, scenes, about }).catch(portTaken),
    );
  }
  if (only.has('gcp')) settings.push(await gcp(stack));
  // Where one chat is real, the people who may are the real ones of the operator's own file.
  const access: Settings = scenes.length === 2 ? { ACCESS_FILE: join(root, 'emulators', 'access.yaml') } : {};
  const all: Settings = Object.assign({}, ...settings, access);
  process.send?.({ settings: all });
  if (process.send === undefined)
    process.stdout.write(
      `${Object.entries(all)
        .map(([name, value]) => `${name}=${value}`)
        .join('\n')}\nready\n`,
    );
}

async function slack(stack: AsyncDisposableStack, scenes: Scene[]): Promise<Settings> {
  const emulator = stack.use(
    await startSlack({
      port: Number(options['slack-port']),
      host: options.host,
      manifest: await readFile(join(root, 'slack-manifest.yaml'), 'utf8'),
      botToken: tokens.slackBot,
      appToken: tokens.slackApp,
      signingSecret: tokens.slackSigning,
    }),
  );
  scenes.push(emulator.scene);
  return { SLACK_BOT_TOKEN: tokens.slackBot, SLACK_APP_TOKEN: tokens.slackApp, SLACK_API_URL: emulator.apiUrl };
}

async function discord(stack: AsyncDisposableStack, scenes: Scene[]): Promise<Settings> {
  const emulator = stack.use(
    await startDiscord({ port: Number(options['discord-port']), host: options.host, token: tokens.discord }),
  );
  scenes.push(emulator.scene);
  return { DISCORD_TOKEN: tokens.discord, DISCORD_API_URL: emulator.apiUrl };
}

/** The tiny Yoda, registered, deployed and served by real Python. */
async function gcp(stack: AsyncDisposableStack): Promise<Settings> {
  const emulator = stack.use(
    await startGcp({
      ...google,
      port: Number(options['gcp-port']),
      host: options.host,
      dataDir: join(options.data, 'gcs'),
      python: options.python,
      serveScript: join(root, 'handler', 'serve.py'),
    }),
  );
  const model = await emulator.seedModel({
    artifactDir: join(root, 'training', 'tiny', 'yoda'),
    handlerFile: join(root, 'handler', 'handler.py'),
    displayName: 'yoda-tiny',
    labels: { profile: 'tiny' },
  });
  const dedicated = options.host === '127.0.0.1';
  await emulator.seedEndpoint({ id: endpointId, displayName: 'yoda', modelVersion: model.name, dedicated });
  return {
    ...emulator.environment,
    GOOGLE_CLOUD_PROJECT: google.project,
    GOOGLE_CLOUD_LOCATION: google.location,
    VERTEX_ENDPOINT_ID: endpointId,
  };
}

function portTaken(error: NodeJS.ErrnoException): never {
  if (error.code !== 'EADDRINUSE') throw error;
  throw new Error(
    `Port ${options.port} is taken, so the page cannot be shown. Free it, or choose another: npm run up -- --port ${Number(options.port) + 1}`,
  );
}

const stack = new AsyncDisposableStack();
let stopping = false;
async function stop(code: number): Promise<void> {
  if (stopping) return;
  stopping = true;
  await stack.disposeAsync();
  process.exit(code);
}
for (const signal of ['SIGINT', 'SIGTERM', 'disconnect']) process.on(signal, () => void stop(0));
main(stack).catch(async (error: unknown) => {
  const words = error instanceof Error ? error.message : String(error);
  if (process.send === undefined) process.stderr.write(`${words}\n`);
  process.send?.({ failed: words });
  await stop(1);
});
