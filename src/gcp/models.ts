import { z } from 'zod';
import { UserError } from '../errors.ts';
import type { Google } from './client.ts';
import { GoogleError } from './errors.ts';

export interface ModelVersion {
  /** `projects/…/models/…`, without a version. */
  readonly name: string;
  readonly versionId: string;
  readonly displayName: string;
  readonly aliases: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** gs:// folder; absent for a model that is a container alone. */
  readonly artifactUri: string | undefined;
}

const modelSchema = z.object({
  name: z.string(),
  versionId: z.string().default('1'),
  displayName: z.string().default(''),
  versionAliases: z.array(z.string()).default([]),
  labels: z.record(z.string(), z.string()).default({}),
  artifactUri: z.string().optional(),
});

/** A registered model: `projects/…/models/ID`, with `@2` or `@alias` for another than the default version. */
export async function describeModel(name: string, deps: { readonly google: Google }): Promise<ModelVersion> {
  const { google } = deps;
  const url = `${google.vertexUrl}/v1/${name}`;
  const reply = await google.request({ method: 'GET', url, timeoutMs: 20_000 }).catch((error: unknown) => {
    if (!(error instanceof GoogleError) || error.status !== 404) throw error;
    throw new UserError(`There is no model ${name}.`, { cause: error });
  });
  const { versionAliases: aliases, artifactUri, ...found } = reply.json(modelSchema);
  return { ...found, name: found.name.replace(/@[^/]*$/, ''), aliases, artifactUri };
}
