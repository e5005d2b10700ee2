// node src/main.ts [bots] [worker]: the service; without a role it takes both. The only file that reads the environment
// and ties the rooms together.
import type { Bot } from './bots/bot.ts';
import { createDiscordBot } from './bots/discord/discord.ts';
import { createSlackBot } from './bots/slack/slack.ts';
import { startBots } from './bots/start.ts';
import { createAnswer } from './chat/answer.ts';
import { createHistory } from './chat/history.ts';
import { commandMenu } from './commands/menu.ts';
import { createRun } from './commands/run.ts';
import type { StatusDeps } from './commands/status.ts';
import { type Config, readConfig } from './config.ts';
import { UserError } from './errors.ts';
import { createGoogle, type Google } from './gcp/client.ts';
import { describeEndpoint } from './gcp/endpoints.ts';
import { createLog, type Log } from './log.ts';
import { openServed, type Served } from './models/served.ts';
import { createVertexModel } from './models/vertex.ts';
import { openAccess } from './policy/access.ts';
import { createAudit } from './policy/audit.ts';
import { checkDurable, connect } from './queue/connection.ts';
import { createInbox, type Inbox } from './queue/inbox.ts';
import { startWorker } from './queue/worker.ts';

const roles = ['bots', 'worker'] as const;
type Role = (typeof roles)[number];

async function main(stack: AsyncDisposableStack): Promise<void> {
  const wanted = rolesOf(process.argv.slice(2));
  const config = readConfig(process.env);
  const log = createLog(config.logLevel);
  // A client library's fault on one connection must not end the other bots and the worker.
  process.on('unhandledRejection', (err) => log.error({ err }, 'A fault that nobody awaited'));
  const connection = (purpose: 'ask' | 'work') =>
    stack.adopt(connect(config.redis.url, purpose, log), (redis) => redis.disconnect());
  const ask = connection('ask');
  await checkDurable(ask, config.redis);
  const google = stack.use(await createGoogle(config.google, { log }));
  const served = openServed({ ...config.google, profilesFile }, { google, log });
  const bots = createBots(config, log);
  if (wanted.has('worker')) {
    const redis = connection('work');
    const history = createHistory({ redis });
    const model = createVertexModel({}, { google, endpoint: served.endpoint });
    const answer = createAnswer({ model, served: served.current, history });
    const repliers = new Map(bots.map((bot) => [bot.platform, bot]));
    stack.use(startWorker({ redis, answer, history, repliers, log }));
    served.current().catch((err: unknown) => log.warn({ err }, 'Nothing can be answered yet'));
  }
  if (wanted.has('bots')) {
    const inbox = stack.use(createInbox({ redis: ask, log }));
    const access = await openAccess(config.accessFile, { log });
    const status = statusOf(config, { google, served, inbox });
    const runCommand = createRun({ access, audit: createAudit({ redis: ask }), commands: status, log });
    stack.use(await startBots(bots, { inbox, runCommand, redis: ask, log }));
  }
  log.info({ roles: [...wanted], standIns: config.standIns }, 'Ready');
  process.send?.({ ready: true });
}

const profilesFile = new URL('../training/profiles.json', import.meta.url);

function rolesOf(words: readonly string[]): ReadonlySet<Role> {
  const known = words.filter((word): word is Role => roles.some((role) => role === word));
  const unknown = words.find((word) => !roles.some((role) => role === word));
  if (unknown !== undefined)
    throw new UserError(`There is no role ${unknown}; say ${roles.join(', ')}, or nothing for all.`);
  return new Set(known.length === 0 ? roles : known);
}

function createBots(config: Config, log: Log): readonly Bot[] {
  const bots: Bot[] = [];
  if (config.slack !== undefined) bots.push(createSlackBot(config.slack, { log: log.child({ bot: 'slack' }) }));
  if (config.discord !== undefined)
    bots.push(createDiscordBot(config.discord, { log: log.child({ bot: 'discord' }), opsMenu: commandMenu() }));
  return bots;
}

function statusOf(
  config: Config,
  deps: { readonly google: Google; readonly served: Served; readonly inbox: Inbox },
): StatusDeps {
  const { google, served, inbox } = deps;
  const state = (standIn: Config['standIns'][number], on: boolean) => {
    if (!on) return 'off';
    return config.standIns.includes(standIn) ? 'stand-in' : 'real';
  };
  return {
    systems: [
      { name: 'Slack', state: state('slack', config.slack !== undefined) },
      { name: 'Discord', state: state('discord', config.discord !== undefined) },
      { name: 'Google Cloud', state: state('gcp', true) },
      { name: 'Redis', state: 'real' },
    ],
    async serving() {
      // Asked anew for whoever wants to know; what chat goes by is left as it is.
      const [endpoint, model] = await Promise.all([
        describeEndpoint(config.google.endpointId, { google }),
        served.current(),
      ]);
      const { max_new_tokens, temperature } = model.serving;
      return {
        endpoint: `${endpoint.displayName} (${endpoint.id})`,
        versions: endpoint.deployedModels.map((deployed) => ({
          name: `${deployed.displayName} version ${deployed.modelVersionId}`,
          sharePercent: deployed.sharePercent,
        })),
        profile: model.profileName,
        generation: `at most ${max_new_tokens} tokens, ${temperature === 0 ? 'greedy' : `temperature ${temperature}`}`,
      };
    },
    async queue() {
      const [counts, failed] = await Promise.all([inbox.lanes.counts(), inbox.queue.getFailedCount()]);
      return { ...counts, failed };
    },
  };
}

const stack = new AsyncDisposableStack();
let stopping = false;
/** Stops in the reverse order of the start: hears no more, finishes or hands back what is in flight, lets Redis go. */
function stop(code: number): void {
  if (stopping) return;
  stopping = true;
  stack.disposeAsync().then(
    () => process.exit(code),
    () => process.exit(1),
  );
}
for (const signal of ['SIGTERM', 'SIGINT', 'disconnect']) process.on(signal, () => stop(0));
main(stack).catch((error: unknown) => {
  const words = error instanceof UserError ? error.message : error instanceof Error ? error.stack : String(error);
  process.stderr.write(`${words}\n`);
  stop(1);
});
