import { z } from 'zod';
import { UserError } from '../errors.ts';
import type { Google } from './client.ts';
import { GoogleError } from './errors.ts';

export interface DeployedModel {
  readonly id: string;
  /** `projects/…/models/…`, without a version. */
  readonly model: string;
  readonly modelVersionId: string;
  readonly displayName: string;
  /** Its part of the traffic, 0 to 100. */
  readonly sharePercent: number;
  readonly minReplicaCount: number;
  readonly maxReplicaCount: number;
}

export interface Endpoint {
  readonly id: string;
  /** With the project's number, as Google writes it; compare by the last segment. */
  readonly name: string;
  readonly displayName: string;
  /** host, or host:port, that predictions must go to; absent on a shared endpoint. */
  readonly dedicatedDns: string | undefined;
  /** The largest share of the traffic first. */
  readonly deployedModels: readonly DeployedModel[];
}

const endpointSchema = z.object({
  name: z.string(),
  displayName: z.string().default(''),
  dedicatedEndpointEnabled: z.boolean().default(false),
  dedicatedEndpointDns: z.string().optional(),
  trafficSplit: z.record(z.string(), z.number()).default({}),
  deployedModels: z
    .array(
      z.object({
        id: z.string(),
        model: z.string(),
        modelVersionId: z.string().default('1'),
        displayName: z.string().default(''),
        dedicatedResources: z
          .object({ minReplicaCount: z.number().optional(), maxReplicaCount: z.number().optional() })
          .default({}),
      }),
    )
    .default([]),
});

export function endpointPath(endpointId: string, google: Google): string {
  return `projects/${google.project}/locations/${google.location}/endpoints/${encodeURIComponent(endpointId)}`;
}

/** What is deployed on an endpoint, and how the traffic is shared. A UserError when there is no such endpoint. */
export async function describeEndpoint(endpointId: string, deps: { readonly google: Google }): Promise<Endpoint> {
  const { google } = deps;
  const url = `${google.vertexUrl}/v1/${endpointPath(endpointId, google)}`;
  const reply = await google.request({ method: 'GET', url, timeoutMs: 20_000 }).catch((error: unknown) => {
    if (!(error instanceof GoogleError) || error.status !== 404) throw error;
    const words = `There is no endpoint ${endpointId} in project ${google.project}, location ${google.location}; check VERTEX_ENDPOINT_ID and GOOGLE_CLOUD_LOCATION.`;
    throw new UserError(words, { cause: error });
  });
  const found = reply.json(endpointSchema);
  const deployedModels = found.deployedModels.map(({ dedicatedResources, model, ...deployed }) => ({
    ...deployed,
    model: model.replace(/@[^/]*$/, ''),
    sharePercent: found.trafficSplit[deployed.id] ?? 0,
    minReplicaCount: dedicatedResources.minReplicaCount ?? 1,
    maxReplicaCount: dedicatedResources.maxReplicaCount ?? dedicatedResources.minReplicaCount ?? 1,
  }));
  return {
    id: found.name.split('/').at(-1) ?? endpointId,
    name: found.name,
    displayName: found.displayName,
    dedicatedDns: found.dedicatedEndpointEnabled ? found.dedicatedEndpointDns : undefined,
    deployedModels: deployedModels.toSorted((a, b) => b.sharePercent - a.sharePercent),
  };
}

/** Words for whoever asks an endpoint that has nothing to answer with. */
export function nothingDeployed(endpointId: string, cause?: unknown): UserError {
  const words = `No model takes traffic on endpoint ${endpointId}: deploy one, or give one a share.`;
  return new UserError(words, { cause });
}
