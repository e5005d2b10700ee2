import type { Faults } from '../core/faults.ts';
import type { Scene } from '../core/scene.ts';
import { type Route, startServer } from '../core/server.ts';
import { channelRoutes } from './channel-routes.ts';
import type { Command } from './commands.ts';
import { createCommands } from './commands.ts';
import { controlRoutes, transcript } from './control.ts';
import { errorReply, unauthorized, unknownRoute } from './errors.ts';
import { createGateway, type Gateway } from './gateway.ts';
import { intents } from './gating.ts';
import { guildRoutes } from './guild-routes.ts';
import { interactionRoutes } from './interaction-routes.ts';
import { createInteractions } from './interactions.ts';
import { createLimiter, globalLimit, type Limit, usualLimits } from './limits.ts';
import { createScene } from './scene.ts';
import { createStore, type Store } from './store.ts';
import { createVisitor, type Visitor } from './visitor.ts';
import { type ChannelSeed, channels, type Person, people, roles } from './world.ts';

export interface DiscordOptions {
  /** 0 or absent: the system picks one. */
  readonly port?: number;
  /** The address to listen on; absent: this machine alone. */
  readonly host?: string;
  /** The bot token that is accepted. */
  readonly token: string;
  /** The privileged intents that are on in the developer portal; absent: MessageContent alone. */
  readonly privilegedIntents?: readonly ('messageContent' | 'guildMembers' | 'guildPresences')[];
  readonly people?: readonly Person[];
  readonly channels?: readonly ChannelSeed[];
  /** How long a first answer to an interaction may take; Discord: 3,000 ms. */
  readonly ackMs?: number;
  /** How long an interaction's token lives; Discord: 15 minutes. */
  readonly tokenMs?: number;
  /** How long a nonce is remembered; Discord says "the past few minutes". */
  readonly nonceMs?: number;
  readonly heartbeatMs?: number;
  /** Instead of the usual limits, by method and path (`POST /channels/:channel/messages`) or `usual`. */
  readonly limits?: Readonly<Record<string, Limit>>;
  readonly globalLimit?: Limit;
  /** How many commands may still be created today; Discord: 200. */
  readonly commandCreatesLeft?: number;
}

export interface DiscordEmulator extends AsyncDisposable, Visitor {
  /** scheme://host:port */
  readonly url: string;
  /** Where a client is pointed: ends in `/api`. */
  readonly apiUrl: string;
  readonly scene: Scene;
  readonly faults: Faults;
  readonly gateway: Gateway;
  readonly store: Store;
  /** The routes that coverage.md lists, without `/api/v10`. */
  readonly routes: readonly Pick<Route, 'method' | 'path'>[];
  readonly commands: () => readonly Command[];
  readonly commandWrites: () => number;
  readonly transcript: () => ReturnType<typeof transcript>;
  /** Makes the token worthless, as a reset in the developer portal does. */
  readonly revokeToken: () => void;
}

const prefix = '/api/v10';

/**
 * A stand-in for Discord: its gateway, the part of its REST API that a chat bot uses, and what people do in clients.
 * What it keeps and what it leaves out stands in coverage.md.
 */
export async function startDiscord(options: DiscordOptions): Promise<DiscordEmulator> {
  let token: string | undefined = options.token;
  const on = options.privilegedIntents ?? ['messageContent'];
  const privilegedIntents = on.reduce((bits, name) => bits | intents[name], 0);
  const store = createStore({ people: options.people ?? people, roles, channels: options.channels ?? channels });
  const gateway = createGateway(store, {
    accepts: (given) => given.replace(/^Bot /, '') === token,
    privilegedIntents,
    heartbeatMs: options.heartbeatMs ?? 41_250,
  });
  const commands = createCommands({
    onChange: store.changed,
    ...(options.commandCreatesLeft === undefined ? {} : { createsLeft: options.commandCreatesLeft }),
  });
  const clock = { ackMs: options.ackMs ?? 3_000, tokenMs: options.tokenMs ?? 15 * 60_000 };
  const interactions = createInteractions(store, clock);
  const visitor = createVisitor(store, commands, interactions);
  const revokeToken = () => {
    token = undefined;
  };
  const controls = controlRoutes({ store, gateway, visitor, commands, revokeToken });

  const authorized = (route: Route): Route => ({
    ...route,
    handle(call) {
      if (token === undefined || call.headers.authorization !== `Bot ${token}`) throw unauthorized();
      return route.handle(call);
    },
  });
  const mayReadAll = (privilegedIntents & intents.messageContent) !== 0;
  const withToken = [
    ...guildRoutes(store),
    ...channelRoutes(store, { mayReadAll, nonceMs: options.nonceMs ?? 5 * 60_000 }),
    ...commands.routes,
  ].map(authorized);
  const rest = [...withToken, ...interactionRoutes(store, interactions)];
  const limited = createLimiter({ ...usualLimits, ...options.limits }, options.globalLimit ?? globalLimit);

  const server = await startServer({
    port: options.port ?? 0,
    ...(options.host === undefined ? {} : { host: options.host }),
    routes: [
      ...rest.map((route) => ({ ...limited(route, `${route.method} ${route.path}`), path: prefix + route.path })),
      ...controls,
    ],
    upgrade: gateway.upgrade,
    unknown: () => errorReply(unknownRoute()),
    onError: errorReply,
  });
  return {
    ...visitor,
    url: server.url,
    apiUrl: `${server.url}/api`,
    scene: createScene(store, visitor),
    faults: server.faults,
    gateway,
    store,
    routes: [...rest, ...controls].map(({ method, path }) => ({ method, path })),
    commands: commands.list,
    commandWrites: commands.writes,
    transcript: () => transcript(store),
    revokeToken,
    async [Symbol.asyncDispose]() {
      gateway.drop();
      await server[Symbol.asyncDispose]();
    },
  };
}
