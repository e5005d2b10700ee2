import { z } from 'zod';
import { TransientError } from '../errors.ts';

/** A refusal in Google's own words. */
export class GoogleError extends Error {
  override readonly name = 'GoogleError';
  /** The HTTP status. */
  readonly status: number;
  /** The canonical code, such as `NOT_FOUND`; from Cloud Storage its `reason`, such as `notFound`. */
  readonly code: string;
  /** How long Google asked us to wait, in milliseconds; absent when it did not say. */
  readonly retryAfterMs: number | undefined;

  constructor(
    message: string,
    facts: { readonly status: number; readonly code: string; readonly retryAfterMs?: number | undefined },
  ) {
    super(message);
    this.status = facts.status;
    this.code = facts.code;
    this.retryAfterMs = facts.retryAfterMs;
  }
}

const bodySchema = z.object({
  error: z.object({
    message: z.string().default(''),
    status: z.string().optional(),
    errors: z.array(z.object({ reason: z.string().optional() })).optional(),
    details: z.array(z.looseObject({ retryDelay: z.string().optional() })).optional(),
  }),
});

/** Statuses that can pass by themselves (https://cloud.google.com/storage/docs/retry-strategy, gax's idempotent codes). */
const passing: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

/** What an answer other than 2xx is thrown as: `TransientError` around it where it can pass, else `GoogleError`. */
export function refusal(status: number, retryAfter: string | undefined, body: Buffer): GoogleError | TransientError {
  const text = body.toString('utf8');
  const error = errorOf(text);
  const code = error?.status ?? error?.errors?.[0]?.reason ?? `HTTP_${status}`;
  const message = error?.message || plainWords(text) || `Google answered ${status} without a word.`;
  const delay = error?.details?.find((detail) => detail.retryDelay !== undefined)?.retryDelay;
  const retryAfterMs = waitOf(retryAfter) ?? (delay === undefined ? undefined : Number.parseFloat(delay) * 1000);
  const found = new GoogleError(message, { status, code, retryAfterMs });
  return passing.has(status) ? new TransientError(`Google: ${message}`, { cause: found, retryAfterMs }) : found;
}

function errorOf(text: string): z.infer<typeof bodySchema>['error'] | undefined {
  try {
    return bodySchema.safeParse(JSON.parse(text)).data?.error;
  } catch {
    return undefined;
  }
}

/** The front ends answer some faults with a page of HTML. */
function plainWords(text: string): string {
  return text
    .replace(/<(style|script)[\s\S]*?<\/\1>|<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 300);
}

/** `Retry-After`: seconds or a date. */
function waitOf(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const seconds = Number(header);
  const waitMs = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(waitMs) ? undefined : Math.max(0, waitMs);
}

/** Connection faults that can pass; a refused certificate, for one, cannot. */
const passingFaults: ReadonlySet<string> = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/** What a broken connection is thrown as. `host` is named, because the error alone does not always say it. */
export function broken(error: unknown, host: string): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  // HPE_*: what came back was cut off or is no HTTP.
  if (!passingFaults.has(code) && !code.startsWith('HPE_')) return error;
  return new TransientError(`The connection to ${host} broke (${code}).`, { cause: error });
}
