/**
 * Yoda in Slack. A message's journey:
 * Slack -> socket.ts or http.ts -> receiver.ts (acknowledges last) -> listen.ts or menu.ts -> hearing.takeIn
 * and back, in whichever process works: reply.ts -> format.ts -> client.ts -> Slack
 */
import { App } from '@slack/bolt';
import { z } from 'zod';
import { UserError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { Bot, Hearing, Listening } from '../bot.ts';
import { createInFlight } from '../in-flight.ts';
import { calling, createClient, isLost, quietLogger, type SlackClient, SlackRefusal } from './client.ts';
import { httpLine } from './http.ts';
import { createListener, type Identity } from './listen.ts';
import { addCommands } from './menu.ts';
import { createNames } from './names.ts';
import { durableReceiver, type Line } from './receiver.ts';
import { createReplier } from './reply.ts';
import { warnOfMissingScopes } from './scopes.ts';
import { socketLine } from './socket.ts';

export interface SlackSettings {
  readonly botToken: string;
  /** Present: Socket Mode, and nothing else is needed. */
  readonly appToken?: string | undefined;
  /** For signed HTTP, when there is no app token. */
  readonly signingSecret?: string | undefined;
  /** Ends in `/api/`. */
  readonly apiUrl: string;
  /** Where signed requests arrive, at the path `/slack/events`. */
  readonly port: number;
  readonly host?: string | undefined;
}

const answerTimeoutMs = 10_000;
/** Names are looked up while Slack waits for its 3 s. */
const lookupTimeoutMs = 1500;
const drainMs = 5000;

/** Builds the bot. Nothing is opened before `listen`: a worker uses the other half alone. */
export function createSlackBot(settings: SlackSettings, deps: { readonly log: Log }): Bot {
  const { botToken: token, apiUrl } = settings;
  const { log } = deps;
  return {
    ...createReplier(createClient({ token, apiUrl, timeoutMs: answerTimeoutMs }, log)),
    listen: (hearing) => listen(settings, hearing),
  };
}

async function listen(settings: SlackSettings, hearing: Hearing): Promise<Listening> {
  const { botToken: token, apiUrl } = settings;
  const { log } = hearing;
  const client = createClient({ token, apiUrl, timeoutMs: answerTimeoutMs }, log);
  const line = openLine(settings, log);
  const self = await whoAmI(client, log);
  const inFlight = createInFlight();
  const receiver = durableReceiver(line);
  const app = new App({
    receiver,
    authorize: async () => ({ botToken: token, botId: self.bot, botUserId: self.user }),
    // Our own clients make every call; Bolt's is only built.
    clientOptions: { slackApiUrl: apiUrl },
    convoStore: false,
    logger: quietLogger(log),
  });
  // Rethrown, so that the receiver does not acknowledge what was not stored.
  app.error(async (error) => Promise.reject(error));

  const names = createNames(createClient({ token, apiUrl, timeoutMs: lookupTimeoutMs }, log));
  const heardBy = { self, client, hearing, names, inFlight };
  const life = createLife(() => Promise.all([receiver.stop(), inFlight.drained(drainMs)]), log);
  app.event('tokens_revoked', async ({ event }) => {
    if (event.tokens.bot?.includes(self.user)) life.end('SLACK_BOT_TOKEN was revoked');
  });
  app.event('app_uninstalled', async () => life.end('The app was removed from the workspace'));
  void line.lost.then(life.end);

  const listener = createListener(heardBy);
  const hear = async (event: unknown, team: string) => {
    try {
      await listener(event, team);
    } catch (error) {
      if (isLost(error)) life.end(`Slack no longer takes SLACK_BOT_TOKEN (${error.code})`);
      throw error;
    }
  };
  app.event('message', ({ event, body }) => hear(event, body.team_id));
  app.event('app_mention', ({ event, body }) => hear(event, body.team_id));
  addCommands(app, heardBy);

  await app.start();
  log.info({ mode: settings.appToken === undefined ? 'http' : 'socket', as: self.name }, 'Slack: listening');
  return { ended: life.ended, [Symbol.asyncDispose]: life.close };
}

/** A bot is closed once, by whoever holds it or because Slack wants no more of it. */
function createLife(stop: () => Promise<unknown>, log: Log) {
  const ended = Promise.withResolvers<string>();
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= stop().then(() => undefined);
    return closing;
  };
  const end = (reason: string) => {
    if (closing !== undefined) return;
    log.error({ reason }, 'Slack: this bot stops for good; the others go on');
    close().then(
      () => ended.resolve(reason),
      () => ended.resolve(reason),
    );
  };
  return { ended: ended.promise, close, end };
}

function openLine({ appToken, signingSecret, apiUrl, port, host }: SlackSettings, log: Log): Line {
  if (appToken !== undefined) return socketLine({ appToken, apiUrl }, log);
  if (signingSecret !== undefined) return httpLine({ signingSecret, port, host }, log);
  throw new UserError(
    'Slack needs SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (signed HTTP) beside SLACK_BOT_TOKEN.',
  );
}

const identitySchema = z.object({
  user_id: z.string(),
  bot_id: z.string(),
  user: z.string(),
  response_metadata: z.object({ scopes: z.array(z.string()).optional() }).optional(),
});

async function whoAmI(client: SlackClient, log: Log): Promise<Identity> {
  try {
    const found = identitySchema.parse(await calling('auth.test', client.auth.test()));
    warnOfMissingScopes(found.response_metadata?.scopes ?? [], log);
    return { user: found.user_id, bot: found.bot_id, name: found.user };
  } catch (error) {
    if (error instanceof SlackRefusal) throw refusedBotToken(error.code, error);
    if (error instanceof z.ZodError) throw refusedBotToken('it is no bot token', error);
    throw error;
  }
}

function refusedBotToken(why: string, cause: unknown): UserError {
  return new UserError(
    `Slack refuses SLACK_BOT_TOKEN (${why}). Copy the Bot User OAuth Token (xoxb-…) from https://api.slack.com/apps -> your app -> OAuth & Permissions.`,
    { cause },
  );
}
