import { setTimeout } from 'node:timers/promises';
import { Client, Events, GatewayIntentBits, Options, Partials, RESTJSONErrorCodes } from 'discord.js';
import { UserError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { Hearing, Listening } from '../bot.ts';
import { createInFlight } from '../in-flight.ts';
import { asFault, closeWords, codeOf, refusalWords } from './faults.ts';
import { hear } from './listen.ts';
import { type OpsMenu, register } from './menu.ts';
import { createPatience } from './patience.ts';
import { obey } from './slash.ts';

export interface DiscordSettings {
  readonly token: string;
  /** Ends in `/api`. */
  readonly apiUrl: string;
  /** Ask for the privileged intent, so that threads need no mention. It must be on in the developer portal. */
  readonly messageContent: boolean;
}

export interface ConnectDeps {
  readonly hearing: Hearing;
  readonly log: Log;
  readonly opsMenu: OpsMenu;
  /** Waits between tries to store a message; absent: a minute in all. */
  readonly storeDelaysMs?: readonly number[] | undefined;
}

/** Waits between tries to reach Discord at the start; afterwards discord.js reconnects by itself. */
const retryDelaysMs = [500, 1000, 2000, 4000, 8000, 16_000];
/** discord.js itself waits up to 15 s for the guilds. */
const readyMs = 20_000;
const drainMs = 5000;

/** Opens the gateway and hands on what is said. Rejects with a UserError when Discord refuses the token or an intent. */
export async function connect(settings: DiscordSettings, deps: ConnectDeps): Promise<Listening> {
  const { hearing, log } = deps;
  const listenDeps = { hearing, messageContent: settings.messageContent, patience: createPatience(deps.storeDelaysMs) };
  const inFlight = createInFlight();
  const ended = Promise.withResolvers<string>();
  let open = true;

  /** A listener that rejects would become an 'error' event; every fault is logged with what it hit instead. */
  const handle = (what: string, id: string, act: () => Promise<void>): void => {
    if (!open) return;
    inFlight.track(act()).catch((error: unknown) => {
      if (codeOf(error) === RESTJSONErrorCodes.InteractionHasAlreadyBeenAcknowledged)
        return log.debug({ id }, 'Another replica was first');
      log.error({ err: asFault(error, what), id }, `Discord failed while ${what}`);
    });
  };

  const wire = (client: Client): void => {
    client.on(Events.Error, (error) => log.error({ err: error }, 'discord.js reported a fault'));
    client.on(Events.ShardError, (error) => log.warn({ err: error }, 'The connection to Discord broke'));
    client.on(Events.ShardReconnecting, () => log.info('Reconnecting to Discord'));
    client.on(Events.ShardResume, (_, replayed) => log.info({ replayed }, 'Reconnected to Discord; nothing was lost'));
    client.on(Events.ShardDisconnect, ({ code }) => {
      const words = closeWords[code] ?? `Discord closed the connection for good (${code}).`;
      if (open) log.error({ code }, words);
      ended.resolve(words);
    });
    client.on(Events.MessageCreate, (message) =>
      handle('hearing a message', message.id, () => hear(message, listenDeps)),
    );
    client.on(Events.InteractionCreate, (interaction) => {
      if (interaction.isChatInputCommand())
        handle('obeying a command', interaction.id, () => obey(interaction, listenDeps));
    });
  };

  const client = await logIn(settings, wire, log);
  if (!settings.messageContent)
    log.warn(
      'Discord: running without the message content intent. Mentions, direct messages and slash commands work; in threads and in replies to slash commands Yoda has to be mentioned.',
    );
  await register(client, deps.opsMenu, hearing);

  let closing: Promise<void> | undefined;
  return {
    ended: ended.promise,
    [Symbol.asyncDispose]() {
      open = false;
      closing ??= inFlight.drained(drainMs).then(() => client.destroy());
      return closing;
    },
  };
}

/** Tries until Discord answers; a refusal ends it at once. Each try takes a fresh client. */
async function logIn(settings: DiscordSettings, wire: (client: Client) => void, log: Log): Promise<Client<true>> {
  for (let tries = 0; ; tries++) {
    const client = createClient(settings);
    wire(client);
    try {
      return await ready(client, settings.token);
    } catch (error) {
      await client.destroy();
      const words = refusalWords(error);
      if (words !== undefined) throw new UserError(words, { cause: error });
      const delayMs = retryDelaysMs[tries];
      if (delayMs === undefined) throw asFault(error, 'connecting');
      log.warn({ err: error, delayMs }, 'Discord cannot be reached; trying again');
      await setTimeout(delayMs);
    }
  }
}

async function ready(client: Client, token: string): Promise<Client<true>> {
  const cancel = new AbortController();
  const late = setTimeout(readyMs, undefined, { signal: cancel.signal }).then(() => {
    throw new Error(`Discord did not get ready within ${readyMs} ms.`);
  });
  // Before login resolves, the event may have passed.
  const isReady = new Promise<Client<true>>((resolve) => client.once(Events.ClientReady, resolve));
  try {
    return await Promise.race([client.login(token).then(() => isReady), late]);
  } finally {
    cancel.abort();
    late.catch(() => undefined);
  }
}

function createClient(settings: DiscordSettings): Client {
  const { Guilds, GuildMessages, DirectMessages, MessageContent } = GatewayIntentBits;
  return new Client({
    intents: [Guilds, GuildMessages, DirectMessages, ...(settings.messageContent ? [MessageContent] : [])],
    partials: [Partials.Channel], // without it discord.js drops direct messages silently
    allowedMentions: { parse: [], repliedUser: false },
    enforceNonce: true,
    failIfNotExists: false,
    rest: { api: settings.apiUrl, version: '10', timeout: 10_000, retries: 1 },
    makeCache: Options.cacheWithLimits({ ...Options.DefaultMakeCacheSettings, MessageManager: 0 }), // nobody looks back
  });
}
