import { cp, mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { startContainer } from './serving/container.ts';
import type { ModelServer } from './serving/server.ts';
import { type StubAnswer, startStub } from './serving/stub.ts';
import { type EndpointState, findVersion, resourceName, type World } from './vertex/world.ts';

export interface SeedDeps {
  readonly world: World;
  readonly dataDir: string;
  readonly python: string;
  readonly serveScript: string;
  readonly restartMs: number;
}

export interface SeededModel {
  /** `projects/…/models/…` without a version. */
  readonly name: string;
  readonly versionId: string;
  readonly artifactUri: string | undefined;
}

export interface ModelSeed {
  /** Absent: a model that is a container alone, as people make them in the console. */
  readonly artifactDir?: string;
  readonly handlerFile?: string;
  readonly displayName: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Registers a further version of this model, which stays non-default, as in the real registry. */
  readonly parent?: string;
}

const image =
  'us-docker.pkg.dev/deeplearning-platform-release/gcr.io/huggingface-pytorch-inference-cu121.2-3.transformers.4-46.ubuntu2204.py311';

/** Uploads the artifact's files and the handler into `<project>-models` and registers them as a version. */
export async function seedModel(seed: ModelSeed, deps: SeedDeps): Promise<SeededModel> {
  const { world } = deps;
  const parentId = seed.parent?.split('/').at(-1)?.split('@')[0];
  const known = parentId === undefined ? undefined : world.models.get(parentId);
  const model = known ?? { id: parentId ?? world.newId(), displayName: seed.displayName, versions: [] };
  const versionId = String(model.versions.length + 1);
  const artifactUri = await uploadArtifact(seed, `${model.id}/${versionId}`, deps);
  const version = {
    versionId,
    aliases: versionId === '1' ? ['default'] : [],
    artifactUri,
    labels: seed.labels ?? {},
    imageUri: image,
    createTime: new Date().toISOString(),
  };
  world.models.set(model.id, { ...model, versions: [...model.versions, version] });
  return { name: resourceName(world.place, 'models', model.id), versionId, artifactUri };
}

async function uploadArtifact(seed: ModelSeed, folder: string, deps: SeedDeps): Promise<string | undefined> {
  if (seed.artifactDir === undefined) return undefined;
  const bucket = `${deps.world.place.project}-models`;
  const target = path.join(deps.dataDir, bucket, folder);
  await rm(target, { recursive: true, force: true });
  await mkdir(target, { recursive: true });
  await cp(seed.artifactDir, target, { recursive: true });
  if (seed.handlerFile !== undefined) await cp(seed.handlerFile, path.join(target, 'handler.py'));
  return `gs://${bucket}/${folder}`;
}

export interface EndpointSeed {
  readonly id: string;
  readonly displayName?: string;
  readonly dedicated?: boolean;
  /** `clientConnectionConfig.inferenceTimeout` of a dedicated endpoint; Vertex AI's default is 600 s. */
  readonly inferenceTimeoutMs?: number;
}

export function seedEndpoint(seed: EndpointSeed, world: World): EndpointState {
  const now = new Date().toISOString();
  const endpoint: EndpointState = {
    id: seed.id,
    displayName: seed.displayName ?? `endpoint-${seed.id}`,
    dedicated: seed.dedicated ?? false,
    inferenceTimeoutMs: seed.inferenceTimeoutMs ?? 600_000,
    createTime: now,
    updateTime: now,
    deployed: new Map(),
    trafficSplit: {},
  };
  world.endpoints.set(endpoint.id, endpoint);
  return endpoint;
}

export interface Deployment {
  readonly endpoint: EndpointState;
  /** `projects/…/models/ID@2`, `ID@2` or `ID`. */
  readonly modelVersion: string;
  /** Puts a scripted container in place of Python. */
  readonly answer?: StubAnswer;
}

/** Starts the model server and adds the deployed model; the first one gets all the traffic, a later one none. */
export async function deploy(deployment: Deployment, deps: SeedDeps): Promise<{ readonly deployedModelId: string }> {
  const { endpoint, answer } = deployment;
  const found = findVersion(deps.world, deployment.modelVersion);
  if (found === undefined) throw new Error(`The model ${deployment.modelVersion} is not registered here.`);
  const { model, version } = found;
  const id = deps.world.newId();
  const identity = { endpointId: endpoint.id, deployedModelId: id, ...version };
  const server = answer === undefined ? await containerOf(identity, deps) : await startStub(answer, deps.restartMs);
  const createTime = new Date().toISOString();
  const { id: modelId, displayName } = model;
  endpoint.deployed.set(id, { id, modelId, versionId: version.versionId, displayName, createTime, server });
  if (endpoint.deployed.size === 1) endpoint.trafficSplit = { [id]: 100 };
  endpoint.updateTime = createTime;
  return { deployedModelId: id };
}

interface ContainerIdentity {
  readonly endpointId: string;
  readonly deployedModelId: string;
  readonly versionId: string;
  readonly artifactUri: string | undefined;
}

/** The variables that Vertex AI sets in a custom container ("Custom container requirements for inference"). */
function containerOf(identity: ContainerIdentity, deps: SeedDeps): Promise<ModelServer> {
  const { endpointId, deployedModelId, artifactUri } = identity;
  if (artifactUri === undefined) throw new Error('A model without an artifact can only be deployed with an answer.');
  const route = `/v1/endpoints/${endpointId}/deployedModels/${deployedModelId}`;
  return startContainer({
    python: deps.python,
    serveScript: deps.serveScript,
    artifactDir: path.join(deps.dataDir, artifactUri.slice('gs://'.length)),
    modelDir: path.join(deps.dataDir, '.containers', deployedModelId),
    restartMs: deps.restartMs,
    environment: {
      AIP_MODE: 'PREDICTION',
      AIP_HEALTH_ROUTE: route,
      AIP_PREDICT_ROUTE: `${route}:predict`,
      AIP_STORAGE_URI: artifactUri,
      AIP_ENDPOINT_ID: endpointId,
      AIP_DEPLOYED_MODEL_ID: deployedModelId,
      AIP_PROJECT_NUMBER: deps.world.place.projectNumber,
      AIP_FRAMEWORK: 'CUSTOM_CONTAINER',
      AIP_MACHINE_TYPE: 'n1-standard-8',
      AIP_ACCELERATOR_TYPE: 'NVIDIA_TESLA_T4',
      AIP_VERSION_NAME: identity.versionId,
      // No network is looked for, and a laptop's few cores are left to the rest of the house.
      HF_HUB_OFFLINE: '1',
      OMP_NUM_THREADS: '1',
      PYTHONDONTWRITEBYTECODE: '1',
      PYTHONUNBUFFERED: '1',
    },
  });
}
