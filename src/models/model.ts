/**
 * How an answer is drawn; the names are those of the handler and of training/profiles.json.
 * The handler clamps numbers to what it serves and refuses unknown names.
 */
export interface GenerationParameters {
  readonly max_new_tokens: number;
  /** 0 is greedy: the same prompt gives the same answer. */
  readonly temperature: number;
  /** 0 is off. */
  readonly top_k?: number;
  readonly top_p?: number;
  readonly repetition_penalty?: number;
  readonly seed?: number;
  readonly stop?: readonly string[];
}

export interface Completion {
  readonly text: string;
  /** `length`: cut off where `max_new_tokens` or the model's context ended. */
  readonly finishReason: 'stop' | 'length';
  /** 0 where the server does not count (an endpoint made by hand). */
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** Which version answered, for example `4711@3`; with a traffic split it can differ from call to call. */
  readonly modelVersion: string;
}

/**
 * A model that goes on from a prompt, which already carries the model's own chat template.
 * Rejects with TransientError for what can pass, with RefusedByModel (src/gcp/predict.ts) for a prompt or parameters
 * that the model will never take, with the signal's reason when aborted.
 */
export type Model = (request: {
  readonly prompt: string;
  readonly parameters: GenerationParameters;
  readonly signal: AbortSignal;
}) => Promise<Completion>;
