import { z } from 'zod';
import { TransientError } from '../errors.ts';
import type { Google } from './client.ts';
import { endpointPath, nothingDeployed } from './endpoints.ts';
import { GoogleError } from './errors.ts';

/** The model, or what serves it, will never take this prompt or these parameters; asking again is no use. */
export class RefusedByModel extends Error {
  override readonly name = 'RefusedByModel';
}

export interface PredictRequest {
  readonly endpoint: { readonly id: string; readonly dedicatedDns: string | undefined };
  readonly instances: readonly unknown[];
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface Predictions {
  /** As many as there were instances, in their order. */
  readonly predictions: readonly unknown[];
  readonly deployedModelId: string;
  /** `projects/…/models/…` */
  readonly model: string;
  readonly modelVersionId: string;
}

const answerSchema = z.object({
  predictions: z.array(z.unknown()),
  deployedModelId: z.string().default(''),
  model: z.string().default(''),
  modelVersionId: z.string().default('1'),
});

/**
 * Online prediction. Throws TransientError for what can pass, RefusedByModel for `invalid_request:`, UserError when
 * nothing is deployed, GoogleError for other refusals.
 */
export async function predict(request: PredictRequest, deps: { readonly google: Google }): Promise<Predictions> {
  const { google } = deps;
  const { instances, parameters, timeoutMs, signal } = request;
  const reply = await google
    .request({ method: 'POST', url: predictUrl(request, google), body: { instances, parameters }, timeoutMs, signal })
    .catch((error: unknown) => {
      throw error instanceof GoogleError ? containerFault(error, request.endpoint.id) : error;
    });
  const answer = reply.json(answerSchema);
  if (answer.predictions.length !== instances.length)
    throw new TransientError(`The model gave ${answer.predictions.length} answers to ${instances.length} prompts.`);
  return answer;
}

/** A dedicated endpoint is refused on the shared host. Its name comes without a scheme: it has that of the other calls. */
function predictUrl({ endpoint }: PredictRequest, google: Google): string {
  const base =
    endpoint.dedicatedDns === undefined
      ? google.vertexUrl
      : `${new URL(google.vertexUrl).protocol}//${endpoint.dedicatedDns}`;
  return `${base}/v1/${endpointPath(endpoint.id, google)}:predict`;
}

/** What the container said stands word for word in a 400; its first word tells whether it can pass. */
function containerFault(error: GoogleError, endpointId: string): Error {
  if (error.status !== 400 || error.code !== 'FAILED_PRECONDITION') return error;
  if (error.message.includes("doesn't have traffic_split")) return nothingDeployed(endpointId, error);
  const words = containerWords(error.message);
  if (words.startsWith('internal:')) return new TransientError(`The model server: ${words}`, { cause: error });
  if (words.startsWith('invalid_request:'))
    return new RefusedByModel(words.slice('invalid_request:'.length).trim(), { cause: error });
  return error;
}

/** `error` in the required container's body, `detail` in its successor's. */
const containerSchema = z.union([
  z.object({ error: z.string() }).transform((body) => body.error),
  z.object({ detail: z.string() }).transform((body) => body.detail),
]);

function containerWords(message: string): string {
  try {
    return containerSchema.safeParse(JSON.parse(message)).data ?? message;
  } catch {
    return message;
  }
}
