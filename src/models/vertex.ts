import { z } from 'zod';
import { TransientError } from '../errors.ts';
import type { Google } from '../gcp/client.ts';
import type { Endpoint } from '../gcp/endpoints.ts';
import { GoogleError } from '../gcp/errors.ts';
import { predict, RefusedByModel } from '../gcp/predict.ts';
import type { Fresh } from './fresh.ts';
import { createGather, type Outcome } from './gather.ts';
import type { Completion, GenerationParameters, Model } from './model.ts';

/** What handler/handler.py batches; it takes up to twice as many. */
const mostInstances = 16;
/** Below the 60 s after which a shared endpoint gives up: 16 answers of 256 tokens take about 15 s on a T4. */
const usualTimeoutMs = 50_000;

const failedSchema = z.object({ error: z.object({ code: z.string(), message: z.string() }) });
const answeredSchema = z.object({
  generated_text: z.string(),
  finish_reason: z.enum(['stop', 'length']).default('stop'),
  prompt_tokens: z.number().default(0),
  completion_tokens: z.number().default(0),
});
/** A server that somebody else wrote may answer with the bare text, or as a Hugging Face pipeline does. */
const bareSchema = z.union([
  z.string(),
  z
    .array(z.object({ generated_text: z.string() }))
    .length(1)
    .transform((texts) => texts.map((each) => each.generated_text).join('')),
]);

interface Question {
  readonly prompt: string;
  readonly parameters: GenerationParameters;
}

/**
 * The model behind a Vertex AI endpoint: prompts gather while a request is under way (one for each replica) and go
 * as one of up to 16 instances; see docs/decisions/031-gather-without-timer.md.
 */
export function createVertexModel(
  settings: { readonly timeoutMs?: number },
  deps: { readonly google: Google; readonly endpoint: Fresh<Endpoint> },
): Model {
  const { google, endpoint } = deps;
  const timeoutMs = settings.timeoutMs ?? usualTimeoutMs;
  let replicas = 1;

  async function send(questions: readonly Question[], signal: AbortSignal): Promise<readonly Outcome<Completion>[]> {
    const target = await endpoint.current();
    replicas = replicasOf(target);
    const instances = questions.map(({ prompt }) => ({ prompt }));
    const parameters = { ...questions[0]?.parameters };
    try {
      const answer = await predict({ endpoint: target, instances, parameters, timeoutMs, signal }, { google });
      const modelVersion = `${answer.model.split('/').at(-1)}@${answer.modelVersionId}`;
      return answer.predictions.map((prediction, at) => outcome(prediction, questions[at]?.prompt ?? '', modelVersion));
    } catch (error) {
      // The endpoint may have been made anew, or given a host name of its own.
      if (error instanceof GoogleError && (error.status === 404 || error.status === 400)) endpoint.forget();
      throw error;
    }
  }

  const gather = createGather<Question, Completion>({
    most: mostInstances,
    inFlight: () => replicas,
    together: ({ parameters }) => JSON.stringify(Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1))),
    send,
  });
  // Half of a surrogate pair would make the whole request unreadable to the server, for everyone in it.
  return ({ prompt, parameters, signal }) => gather({ prompt: prompt.toWellFormed(), parameters }, signal);
}

function replicasOf(endpoint: Endpoint): number {
  const serving = endpoint.deployedModels.filter(({ sharePercent }) => sharePercent > 0);
  return Math.max(
    1,
    serving.reduce((sum, { minReplicaCount }) => sum + minReplicaCount, 0),
  );
}

function outcome(prediction: unknown, prompt: string, modelVersion: string): Outcome<Completion> {
  const failed = failedSchema.safeParse(prediction);
  if (failed.success) {
    const { code, message } = failed.data.error;
    const passing = code === 'internal';
    return { error: passing ? new TransientError(`The model server: ${message}`) : new RefusedByModel(message) };
  }
  const answered = answeredSchema.safeParse(prediction);
  if (answered.success) {
    const { generated_text, finish_reason, prompt_tokens, completion_tokens } = answered.data;
    const counts = { promptTokens: prompt_tokens, completionTokens: completion_tokens };
    return { answer: { text: generated_text, finishReason: finish_reason, ...counts, modelVersion } };
  }
  const bare = bareSchema.safeParse(prediction);
  if (!bare.success) return { error: new TransientError('The model server answered in an unknown shape.') };
  const text = bare.data.startsWith(prompt) ? bare.data.slice(prompt.length) : bare.data;
  return { answer: { text, finishReason: 'stop', promptTokens: 0, completionTokens: 0, modelVersion } };
}
