/**
 * A Slack workspace for one app:
 * a person speaks -> people.ts -> store.ts -> events.ts -> outbox.ts -> sockets.ts or signed-requests.ts -> the app
 * the app answers -> web-api.ts -> methods/*.ts -> store.ts -> scene.ts -> what a person sees
 */
import type { Faults } from '../core/faults.ts';
import type { Scene } from '../core/scene.ts';
import { type Route, startServer } from '../core/server.ts';
import { pinged, show } from './blocks.ts';
import { controlRoutes, type SlackControls } from './control.ts';
import { eventCallback, eventsOf } from './events.ts';
import { type Manifest, readManifest } from './manifest.ts';
import type { Values, Workspace } from './methods/method.ts';
import { createOutbox, type Outbox } from './outbox.ts';
import { createHands, type Hands } from './people.ts';
import { createResponseUrls } from './response-urls.ts';
import { createScene } from './scene.ts';
import { signedRequests } from './signed-requests.ts';
import { createSockets, type Sockets } from './sockets.ts';
import { createStore, type Store } from './store.ts';
import { type JournalEntry, refuse, unknownMethod, webApiRoutes } from './web-api.ts';
import { channels, yoda } from './world.ts';

export interface SlackOptions {
  /** 0 or absent: the system picks one. */
  readonly port?: number;
  /** The address to listen on; 127.0.0.1 unless the emulator runs in a container of its own. */
  readonly host?: string;
  /** The text of the app's manifest; scopes, events and commands are kept to it. */
  readonly manifest: string;
  readonly botToken: string;
  readonly appToken: string;
  readonly signingSecret: string;
  /** Where signed requests go; absent: events go over Socket Mode. */
  readonly eventsUrl?: string;
  /** How long the app may take to acknowledge; Slack's 3 s unless a test is in a hurry. */
  readonly ackTimeoutMs?: number;
  /** Waits before the three redeliveries; Slack's: at once, a minute, five minutes. */
  readonly retryDelaysMs?: readonly number[];
  /** For response_urls, which live 30 minutes. */
  readonly nowMs?: () => number;
}

export interface SlackEmulator extends SlackControls, AsyncDisposable {
  /** scheme://host:port */
  readonly url: string;
  /** What the app takes for https://slack.com/api/; ends in `/api/`. */
  readonly apiUrl: string;
  readonly scene: Scene;
  readonly faults: Faults;
  readonly routes: readonly Route[];
}

const realRetryDelaysMs = [0, 60_000, 300_000];

/** Starts the workspace. Throws when Slack would refuse the manifest, or when the port is taken. */
export async function startSlack(options: SlackOptions): Promise<SlackEmulator> {
  const manifest = readManifest(options.manifest);
  const store = createStore(channels);
  const sockets = createSockets();
  const transport =
    options.eventsUrl === undefined ? sockets : signedRequests(options.eventsUrl, options.signingSecret);
  const outbox = createOutbox(transport, {
    ackTimeoutMs: options.ackTimeoutMs ?? 3000,
    retryDelaysMs: options.retryDelaysMs ?? realRetryDelaysMs,
  });
  const responseUrls = createResponseUrls(store, options.nowMs ?? Date.now);
  const revoked = new Set<'bot' | 'app'>();
  const journal: JournalEntry[] = [];
  // Sockets and response_urls are handed out under the name by which the app last reached the emulator.
  let reachedAt = '';
  const workspace: Workspace = { store, manifest, openSocket: () => sockets.open(reachedAt) };
  const hands = createHands({ store, manifest, outbox, responseUrls, host: () => `http://${reachedAt}` });

  const emit = (event: Values) => outbox.event(eventCallback(event));
  store.onChange((change) => {
    if (change !== undefined) for (const event of eventsOf(change, store, manifest)) emit(event);
  });
  const controls = createControls({ hands, store, manifest, outbox, sockets, emit, revoked, journal });

  const server = await startServer({
    ...(options.port === undefined ? {} : { port: options.port }),
    ...(options.host === undefined ? {} : { host: options.host }),
    routes: [
      ...webApiRoutes(workspace, { bot: options.botToken, app: options.appToken, revoked }, (entry, host) => {
        journal.push(entry);
        if (journal.length > mostKept) journal.shift();
        reachedAt = host;
      }),
      ...responseUrls.routes,
      ...controlRoutes(() => controls),
    ],
    upgrade: (request, socket, head) => sockets.upgrade(request, socket, head),
    unknown: unknownMethod,
    onError: refuse,
  });

  reachedAt = server.url.slice('http://'.length);

  return {
    ...controls,
    url: server.url,
    apiUrl: `${server.url}/api/`,
    scene: createScene({ store, manifest, hands }),
    faults: server.faults,
    routes: server.routes,
    async [Symbol.asyncDispose]() {
      await outbox[Symbol.asyncDispose]();
      if (transport !== sockets) await sockets[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

interface Parts {
  readonly hands: Hands;
  readonly store: Store;
  readonly manifest: Manifest;
  readonly outbox: Outbox;
  readonly sockets: Sockets;
  readonly emit: (event: Values) => void;
  readonly revoked: Set<'bot' | 'app'>;
  readonly journal: readonly JournalEntry[];
}

function createControls({ hands, store, manifest, outbox, sockets, emit, revoked, journal }: Parts): SlackControls {
  return {
    ...hands,
    emit,
    redeliver() {
      const latest = outbox.deliveries.findLast(({ payload }) => !isOwn(payload.event));
      if (latest !== undefined) void outbox.once({ type: 'events_api', payload: latest.payload, retry: lostReceipt });
    },
    refresh: () => sockets.refresh(),
    drop: () => sockets.drop(),
    revoke(token) {
      if (token === 'bot' && manifest.events.includes('tokens_revoked'))
        emit({ type: 'tokens_revoked', tokens: { oauth: [], bot: [yoda.user] }, event_ts: String(Date.now() / 1000) });
      revoked.add(token);
      if (token === 'app') sockets.disable();
    },
    addChannel: (channel) => store.addChannel(channel),
    transcript: () =>
      store.channels
        .flatMap(({ id }) => store.messages(id))
        .sort((a, b) => (a.ts < b.ts ? -1 : 1))
        .map((message) => ({ ...message, shown: show(message).text, pinged: pinged(message) })),
    deliveries: () => outbox.deliveries,
    calls: () => journal,
    sockets: () => sockets.count,
  };
}

const isOwn = (event: unknown): boolean => typeof event === 'object' && event !== null && 'bot_id' in event;

/** Calls kept for `calls()`; a playground runs for days. */
const mostKept = 5000;

const lostReceipt = { num: 1, reason: 'timeout' };
