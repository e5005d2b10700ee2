import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { UserError } from '../errors.ts';
import type { Google } from '../gcp/client.ts';
import { type DeployedModel, describeEndpoint, type Endpoint, nothingDeployed } from '../gcp/endpoints.ts';
import { GoogleError } from '../gcp/errors.ts';
import { describeModel, type ModelVersion } from '../gcp/models.ts';
import { readObject } from '../gcp/storage.ts';
import type { Log } from '../log.ts';
import { createFresh, type Fresh } from './fresh.ts';

const servingSchema = z.object({
  /** Exchanges of the conversation that the model sees. */
  history_turns: z.number().int().nonnegative(),
  max_new_tokens: z.number().int().min(1).max(256),
  temperature: z.number().min(0).max(2),
  top_k: z.number().int().nonnegative(),
  top_p: z.number().positive().max(1),
  /** Prompt and answer together. */
  context_tokens: z.number().int().positive(),
});

type Serving = Readonly<z.infer<typeof servingSchema>>;

/** What stands behind the endpoint, and how it wants to be asked. */
export interface ServedModel {
  /** For example `4711@3`. */
  readonly version: string;
  readonly displayName: string;
  /** A key of training/profiles.json. */
  readonly profileName: string;
  readonly serving: Serving;
  /** tokenizer_config.json and tokenizer.json as the model brings them. */
  readonly tokenizerConfig: unknown;
  readonly tokenizerJson: unknown;
}

export interface ServedSettings {
  readonly endpointId: string;
  /** training/profiles.json */
  readonly profilesFile: URL | string;
  /** Where the tokenizer lies (gs://… or a folder) when the model has no artifact that we may read. */
  readonly tokenizerUri?: string | undefined;
}

export interface ServedDeps {
  readonly google: Google;
  readonly log: Log;
  readonly now?: () => number;
}

export interface Served {
  /** The same object as long as the same version stands there; cheap to call for every message. */
  current(): Promise<ServedModel>;
  readonly endpoint: Fresh<Endpoint>;
}

/** Read anew at most so often, and only when somebody asks. */
const maxAgeMs = 60_000;
/** handler/handler.py refuses longer prompts. */
const mostPromptTokens = 2048;

/**
 * endpoint -> the deployed model with the largest share -> its registered version -> tokenizer and profile.
 * `current` rejects with a UserError when nothing is deployed or the model cannot be read.
 */
export function openServed(settings: ServedSettings, deps: ServedDeps): Served {
  const clock = { log: deps.log, now: deps.now ?? Date.now };
  const describe = () => describeEndpoint(settings.endpointId, deps);
  const endpoint = createFresh({ name: 'The endpoint', maxAgeMs, load: describe }, clock);
  let last: ServedModel | undefined;
  const load = async () => {
    const deployed = (await describe()).deployedModels[0];
    if (deployed === undefined || deployed.sharePercent === 0) throw nothingDeployed(settings.endpointId);
    if (last?.version === versionOf(deployed)) return last;
    last = await readServed(deployed, settings, deps);
    deps.log.info({ version: last.version, profile: last.profileName }, 'Another model stands behind the endpoint');
    return last;
  };
  const model = createFresh({ name: 'The model behind the endpoint', maxAgeMs, load }, clock);
  return { current: model.current, endpoint };
}

function versionOf({ model, modelVersionId }: DeployedModel): string {
  return `${model.split('/').at(-1)}@${modelVersionId}`;
}

async function readServed(deployed: DeployedModel, settings: ServedSettings, deps: ServedDeps): Promise<ServedModel> {
  const registered = await registeredModel(deployed, settings, deps);
  const profileName = registered?.labels.profile ?? 'phi3';
  const serving = await readProfile(settings.profilesFile, profileName);
  const files = await readFiles([registered?.artifactUri, settings.tokenizerUri], versionOf(deployed), deps);
  return {
    version: versionOf(deployed),
    displayName: registered?.displayName ?? deployed.displayName,
    profileName,
    serving: { ...serving, context_tokens: contextOf(serving, files.config) },
    tokenizerConfig: withTemplate(files.tokenizerConfig, files.template),
    tokenizerJson: files.tokenizerJson,
  };
}

interface ModelFiles {
  readonly tokenizerJson: unknown;
  readonly tokenizerConfig: unknown;
  readonly config: unknown;
  readonly template: string | undefined;
}

/** From the first of the folders that can be read. */
async function readFiles(
  folders: readonly (string | undefined)[],
  version: string,
  deps: ServedDeps,
): Promise<ModelFiles> {
  let cause: unknown;
  for (const folder of folders) {
    if (folder === undefined) continue;
    try {
      const [tokenizerJson, tokenizerConfig, config, template] = await Promise.all([
        readJson(folder, 'tokenizer.json', deps),
        readJson(folder, 'tokenizer_config.json', deps),
        optional(readJson(folder, 'config.json', deps)),
        optional(readText(folder, 'chat_template.jinja', deps)),
      ]);
      return { tokenizerJson, tokenizerConfig, config, template };
    } catch (error) {
      if (!unreadable(error)) throw error;
      cause = error;
    }
  }
  const reason = cause instanceof Error ? ` (${cause.message})` : '';
  const words = `The tokenizer of model ${version} cannot be read from its artifact${reason}: set TOKENIZER_URI to a folder (gs://… or local) with its tokenizer.json and tokenizer_config.json.`;
  throw new UserError(words, { cause });
}

/** Not there, or not for us; everything else may pass. */
function unreadable(error: unknown): boolean {
  return error instanceof UserError || (error instanceof GoogleError && error.status === 403);
}

/** Undefined for a model that we may not see (one from the Model Garden, say), when its tokenizer is set by hand. */
async function registeredModel(
  deployed: DeployedModel,
  settings: ServedSettings,
  deps: ServedDeps,
): Promise<ModelVersion | undefined> {
  try {
    return await describeModel(`${deployed.model}@${deployed.modelVersionId}`, deps);
  } catch (error) {
    if (unreadable(error) && settings.tokenizerUri !== undefined) return undefined;
    throw error;
  }
}

async function readText(folder: string, name: string, deps: ServedDeps): Promise<string> {
  if (folder.startsWith('gs://'))
    return (await readObject(`${folder.replace(/\/$/, '')}/${name}`, deps)).toString('utf8');
  return readFile(path.join(folder, name), 'utf8').catch((error: unknown) => {
    throw new UserError(`${path.join(folder, name)} cannot be read.`, { cause: error });
  });
}

async function readJson(folder: string, name: string, deps: ServedDeps): Promise<unknown> {
  const text = await readText(folder, name, deps);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UserError(`${folder}/${name} is no JSON.`, { cause: error });
  }
}

function optional<Value>(reading: Promise<Value>): Promise<Value | undefined> {
  return reading.catch((error: unknown) => {
    if (error instanceof UserError) return undefined;
    throw error;
  });
}

/** Newer libraries save the chat template as a file of its own. */
function withTemplate(config: unknown, template: string | undefined): unknown {
  const parsed = z.looseObject({ chat_template: z.unknown().optional() }).safeParse(config);
  if (!parsed.success || parsed.data.chat_template !== undefined || template === undefined) return config;
  return { ...parsed.data, chat_template: template };
}

/** What the profile says, as far as the model itself and its server have room. */
function contextOf(serving: Serving, config: unknown): number {
  const parsed = z.object({ max_position_embeddings: z.number().int().positive() }).safeParse(config);
  const own = parsed.success ? parsed.data.max_position_embeddings : Number.POSITIVE_INFINITY;
  return Math.min(serving.context_tokens, own, mostPromptTokens + serving.max_new_tokens);
}

async function readProfile(file: URL | string, name: string): Promise<Serving> {
  const profiles = z.record(z.string(), z.unknown()).parse(JSON.parse(await readFile(file, 'utf8')));
  const profile = z.object({ serving: servingSchema }).safeParse(profiles[name]);
  if (profile.success) return profile.data.serving;
  const known = Object.keys(profiles).join(', ');
  throw new UserError(
    `The model's label \`profile\` says ${name}, and training/profiles.json has no usable profile of that name; it has ${known}.`,
    { cause: profile.error },
  );
}
