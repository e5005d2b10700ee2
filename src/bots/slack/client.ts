import { type Logger, LogLevel, webApi } from '@slack/bolt';
import { TransientError } from '../../errors.ts';
import type { Log } from '../../log.ts';

export type SlackClient = webApi.WebClient;

/** Slack's refusal of one call; `code` is its word for it, such as `channel_not_found`. */
export class SlackRefusal extends Error {
  override readonly name = 'SlackRefusal';
  readonly code: string;

  constructor(method: string, code: string, options: ErrorOptions) {
    super(`Slack refused ${method}: ${code}`, options);
    this.code = code;
  }
}

/** Codes that say: these credentials are good for nothing more (docs.slack.dev/reference/methods/auth.test, "Errors"). */
const lostCodes: ReadonlySet<string> = new Set([
  'account_inactive',
  'app_uninstalled',
  'invalid_auth',
  'not_allowed_token_type',
  'not_authed',
  'team_access_not_granted',
  'token_expired',
  'token_revoked',
]);

/** Whether Slack no longer, or not at all, takes these credentials. */
export function isLost(error: unknown): error is SlackRefusal {
  return error instanceof SlackRefusal && lostCodes.has(error.code);
}

/** Slack's words for its own trouble, which passes (the same page). */
const passingCodes: ReadonlySet<string> = new Set([
  'fatal_error',
  'internal_error',
  'ratelimited',
  'request_timeout',
  'service_unavailable',
]);

/**
 * A client that answers for one call at a time: it neither waits out rate limits nor retries, because the queue does,
 * and the client would hold up every other call meanwhile. Each purpose has its own client and options: the library
 * changes the options that it is given, headers above all.
 */
export function createClient(
  settings: { readonly token: string; readonly apiUrl: string; readonly timeoutMs: number },
  log: Log,
): SlackClient {
  return new webApi.WebClient(settings.token, { ...clientOptions(settings), logger: quietLogger(log) });
}

export function clientOptions(settings: { readonly apiUrl: string; readonly timeoutMs: number }) {
  return {
    slackApiUrl: settings.apiUrl,
    timeout: settings.timeoutMs,
    rejectRateLimitedCalls: true,
    retryConfig: { retries: 0 },
  };
}

/** Waits for a call and turns its failure into a TransientError or a SlackRefusal. `method` is named in the error. */
export async function calling<T>(method: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw translated(method, error);
  }
}

export function translated(method: string, cause: unknown): Error {
  if (cause instanceof webApi.WebAPIRateLimitedError)
    return new TransientError(`Slack limits ${method}`, { cause, retryAfterMs: cause.retryAfter * 1000 });
  if (cause instanceof webApi.WebAPIPlatformError) {
    // A body that is no JSON comes as the error's text: a proxy has spoken, not Slack.
    const code = String(cause.data.error);
    return passingCodes.has(code) || !/^\w{1,60}$/.test(code)
      ? new TransientError(`Slack failed at ${method}: ${code.slice(0, 60)}`, { cause })
      : new SlackRefusal(method, code, { cause });
  }
  if (cause instanceof webApi.WebAPIHTTPError && cause.statusCode < 500)
    return new SlackRefusal(method, `HTTP ${cause.statusCode}`, { cause });
  if (cause instanceof webApi.SlackError) return new TransientError(`Slack failed at ${method}`, { cause });
  // A 429 without a wait comes as a plain Error.
  return new TransientError(`Slack's answer to ${method} could not be read`, { cause });
}

/** The libraries' log lines, one level lower than they think of themselves: what matters is logged by those who call. */
export function quietLogger(log: Log): Logger {
  const line = (words: readonly unknown[]) => words.map(String).join(' ');
  return {
    debug: () => {},
    info: (...words) => log.debug(line(words)),
    warn: (...words) => log.debug(line(words)),
    error: (...words) => log.debug(line(words)),
    setLevel: () => {},
    getLevel: () => LogLevel.INFO,
    setName: () => {},
  };
}
