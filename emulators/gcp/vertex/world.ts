import type { ModelServer } from '../serving/server.ts';

/** Where the emulated resources live. */
export interface Place {
  readonly project: string;
  readonly projectNumber: string;
  readonly location: string;
}

export interface ModelVersion {
  readonly versionId: string;
  readonly aliases: readonly string[];
  /** gs:// folder of weights, tokenizer and handler; absent on a model made by hand around a container alone. */
  readonly artifactUri: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly imageUri: string;
  readonly createTime: string;
}

export interface RegisteredModel {
  readonly id: string;
  readonly displayName: string;
  /** Oldest first. */
  versions: readonly ModelVersion[];
}

export interface Deployed {
  readonly id: string;
  readonly modelId: string;
  readonly versionId: string;
  readonly displayName: string;
  readonly createTime: string;
  readonly server: ModelServer;
}

export interface EndpointState {
  readonly id: string;
  readonly displayName: string;
  readonly dedicated: boolean;
  /** `clientConnectionConfig.inferenceTimeout` of a dedicated endpoint. */
  readonly inferenceTimeoutMs: number;
  readonly createTime: string;
  updateTime: string;
  readonly deployed: Map<string, Deployed>;
  /** Deployed model id -> percent; empty, or they sum to 100. */
  trafficSplit: Readonly<Record<string, number>>;
}

/** One prediction that reached an endpoint. */
export interface PredictCall {
  readonly endpointId: string;
  readonly deployedModelId: string;
  readonly instances: number;
  /** What the model server answered; 503 while it was down. */
  readonly status: number;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Everything that Vertex AI remembers here. */
export interface World {
  readonly place: Place;
  readonly models: Map<string, RegisteredModel>;
  readonly endpoints: Map<string, EndpointState>;
  readonly predictCalls: PredictCall[];
  /** A new id as Vertex AI gives them: 19 digits. */
  newId(): string;
}

export function createWorld(place: Place): World {
  let last = 0;
  return {
    place,
    models: new Map(),
    endpoints: new Map(),
    predictCalls: [],
    newId: () => `4${String(++last).padStart(18, '0')}`,
  };
}

/** Names in answers carry the project's number, whatever the caller wrote. */
export function resourceName(place: Place, collection: 'endpoints' | 'models', id: string): string {
  return `projects/${place.projectNumber}/locations/${place.location}/${collection}/${id}`;
}

/** The version that `id`, `id@2` or `id@alias` names. */
export function findVersion(world: World, name: string): { model: RegisteredModel; version: ModelVersion } | undefined {
  const [id = '', wanted = 'default'] = (name.split('/').at(-1) ?? '').split('@');
  const model = world.models.get(id);
  const version = model?.versions.find((each) => each.versionId === wanted || each.aliases.includes(wanted));
  return model === undefined || version === undefined ? undefined : { model, version };
}
