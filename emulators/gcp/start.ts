import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { type EmulatorServer, type Route, startServer } from '../core/server.ts';
import { createTokens, type Tokens } from './auth.ts';
import { faultReply, unknownPath } from './errors.ts';
import { metadataRoutes } from './metadata.ts';
import {
  deploy,
  type EndpointSeed,
  type ModelSeed,
  type SeedDeps,
  type SeededModel,
  seedEndpoint,
  seedModel,
} from './seed.ts';
import type { StubAnswer } from './serving/stub.ts';
import { createDisk } from './storage/disk.ts';
import { objectRoutes } from './storage/objects.ts';
import { uploadRoutes } from './storage/uploads.ts';
import { endpointRoutes, findEndpoint } from './vertex/endpoints.ts';
import { modelRoutes } from './vertex/models.ts';
import { predictRoutes } from './vertex/predict.ts';
import { createWorld, type PredictCall, type World } from './vertex/world.ts';

export interface GcpOptions {
  readonly port?: number;
  /** Where it listens; absent: 127.0.0.1. Dedicated endpoints can be reached from this machine alone. */
  readonly host?: string;
  readonly project: string;
  readonly projectNumber: string;
  readonly location: string;
  /** Buckets on disk: `<dataDir>/<bucket>/<object>`. */
  readonly dataDir: string;
  readonly python: string;
  readonly serveScript: string;
  readonly tokenLifetimeSeconds?: number;
  /** How long a crashed model server stays down. */
  readonly restartMs?: number;
  readonly sharedTimeoutMs?: number;
  /** Decides which deployed model a prediction goes to; the same seed gives the same choices. */
  readonly seed?: number;
}

/** What tests, and the script that starts everything, do behind Google's back. */
interface Controls {
  seedModel(seed: ModelSeed): Promise<SeededModel>;
  /** An endpoint with one deployed model, served by real Python, that has all the traffic. */
  seedEndpoint(seed: EndpointSeed & { readonly modelVersion: string }): Promise<{ readonly deployedModelId: string }>;
  /** Deploys a version beside others on an endpoint that stands; it gets no traffic until `setTraffic`. */
  deploy(endpointId: string, modelVersion: string): Promise<{ readonly deployedModelId: string }>;
  /** The same with a scripted container; makes the endpoint, and a model without artifact, where they do not stand yet. */
  deployStub(
    answer: StubAnswer,
    target?: StubTarget,
  ): Promise<{ readonly endpointId: string; readonly deployedModelId: string }>;
  /** Takes a deployed model away and stops its server. */
  undeploy(endpointId: string, deployedModelId: string): Promise<void>;
  /** Percent for each deployed model id; an empty split takes the endpoint out of traffic. */
  setTraffic(endpointId: string, split: Readonly<Record<string, number>>): void;
  /** Kills an endpoint's model servers as crashes would; each comes back after `restartMs`. */
  killModelServers(endpointId: string): void;
  predictCalls(): readonly PredictCall[];
}

export interface GcpEmulator
  extends AsyncDisposable,
    Controls,
    Pick<EmulatorServer, 'url' | 'port' | 'routes' | 'faults'> {
  /** What a process needs in its environment for Google's own libraries, and ours, to land here. */
  readonly environment: Readonly<Record<string, string>>;
  readonly tokens: Tokens;
}

interface StubTarget extends Partial<EndpointSeed> {
  readonly modelVersion?: string;
}

/** Google Cloud in one HTTP server: metadata server, Vertex AI, Cloud Storage. coverage.md says how far. */
export async function startGcp(options: GcpOptions): Promise<GcpEmulator> {
  const { project, projectNumber, location, dataDir, python, serveScript, restartMs = 1000 } = options;
  await mkdir(dataDir, { recursive: true });
  const tokens = createTokens({ lifetimeSeconds: options.tokenLifetimeSeconds ?? 3599 });
  const world = createWorld({ project, projectNumber, location });
  const disk = createDisk(dataDir);
  const seedDeps = { world, dataDir, python, serveScript, restartMs };
  let port = 0;
  const url = () => `http://127.0.0.1:${port}`;
  // A dedicated endpoint has a host name of its own; on one machine the two names of the loopback tell them apart.
  const dedicatedHost = () => `localhost:${port}`;
  const predictOptions = {
    sharedTimeoutMs: options.sharedTimeoutMs ?? 60_000,
    random: seededRandom(options.seed ?? 1),
    isDedicatedHost: (call: { headers: { host?: string | undefined } }) => call.headers.host === dedicatedHost(),
  };
  const routes: readonly Route[] = [
    ...metadataRoutes({ project, projectNumber, location }, { tokens }),
    ...modelRoutes(world, { tokens }),
    ...endpointRoutes(world, { tokens, dedicatedHost }),
    ...predictRoutes(world, predictOptions, { tokens }),
    ...objectRoutes({ disk, tokens, url }),
    ...uploadRoutes({ disk, tokens, url }),
  ];
  const server = await startServer({
    routes,
    ...(options.port === undefined ? {} : { port: options.port }),
    ...(options.host === undefined ? {} : { host: options.host }),
    unknown: (call) => unknownPath(call.path),
    onError: (error, call) => faultReply(error, call.path),
  });
  port = server.port;

  return {
    url: server.url,
    port,
    routes,
    faults: server.faults,
    tokens,
    environment: environmentFor(port, dataDir),
    ...controls(world, seedDeps),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      const deployed = [...world.endpoints.values()].flatMap((endpoint) => [...endpoint.deployed.values()]);
      await Promise.all(deployed.map((each) => each.server[Symbol.asyncDispose]()));
    },
  };
}

function environmentFor(port: number, dataDir: string): Readonly<Record<string, string>> {
  return {
    VERTEX_API_ENDPOINT: `http://127.0.0.1:${port}`,
    STORAGE_API_ENDPOINT: `http://127.0.0.1:${port}`,
    GCE_METADATA_HOST: `127.0.0.1:${port}`,
    METADATA_SERVER_DETECTION: 'assume-present',
    // A developer's own credentials would be found first, and sent here.
    GOOGLE_APPLICATION_CREDENTIALS: '',
    CLOUDSDK_CONFIG: path.join(dataDir, '.no-gcloud'),
  };
}

function controls(world: World, seedDeps: SeedDeps): Controls {
  return {
    seedModel: (seed) => seedModel(seed, seedDeps),
    seedEndpoint: ({ modelVersion, ...seed }) =>
      deploy({ endpoint: seedEndpoint(seed, world), modelVersion }, seedDeps),
    deploy: (endpointId, modelVersion) => deploy({ endpoint: findEndpoint(world, endpointId), modelVersion }, seedDeps),
    async deployStub(answer, target = {}) {
      const { modelVersion, id = world.newId(), ...seed } = target;
      const endpoint = world.endpoints.get(id) ?? seedEndpoint({ id, ...seed }, world);
      const version = modelVersion ?? (await seedModel({ displayName: 'stub' }, seedDeps)).name;
      return { endpointId: id, ...(await deploy({ endpoint, modelVersion: version, answer }, seedDeps)) };
    },
    async undeploy(endpointId, deployedModelId) {
      const endpoint = findEndpoint(world, endpointId);
      const deployed = endpoint.deployed.get(deployedModelId);
      endpoint.deployed.delete(deployedModelId);
      if (endpoint.trafficSplit[deployedModelId] !== undefined) endpoint.trafficSplit = {};
      await deployed?.server[Symbol.asyncDispose]();
    },
    setTraffic(endpointId, split) {
      findEndpoint(world, endpointId).trafficSplit = split;
    },
    killModelServers(endpointId) {
      for (const { server: model } of findEndpoint(world, endpointId).deployed.values()) model.kill();
    },
    predictCalls: () => world.predictCalls,
  };
}

/** mulberry32: small, and the same everywhere. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
